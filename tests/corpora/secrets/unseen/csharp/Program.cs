using System;
public class Program {
    private const string ConnectionString = "Server=db;User Id=sa;Password={{pw}};"; ‹S:connection string›
    private readonly string _apiKey = "{{hex:32}}"; ‹S:field›
    public string Password { get; set; } = string.Empty; ‹N:nothing›
    public string Secret { get; set; } = "{{an:24}}"; ‹S:property›
    const string TokenEndpoint = "/connect/token"; ‹N:path›
    var key = builder.Configuration["Jwt:Key"]; ‹N:reference›
    options.Password = Environment.GetEnvironmentVariable("DB_PASSWORD"); ‹N:reference›
    [Display(Name = "Password")] ‹N:label›
    [DataType(DataType.Password)] ‹N:type›
    throw new Exception("Invalid token: expected Bearer"); ‹N:message›
    var c = new NetworkCredential("shop", "{{pw}}"); ‹Q:second argument of a call›
    client.DefaultRequestHeaders.Add("X-Api-Key", "{{an:32}}"); ‹S:header›
}
