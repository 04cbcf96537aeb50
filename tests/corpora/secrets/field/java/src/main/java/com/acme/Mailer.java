package com.acme;
public final class Mailer {
    private static final String PASSWORD_FIELD = "password"; ‹N:name of a field›
    private static final String TOKEN_URL = "https://id.acme.dev/oauth/token"; ‹N:address›
    private static final String DB_PASSWORD = "{{pw}}"; ‹S:constant›
    private static final String API_KEY = "{{an:32}}"; ‹S:constant›
    private static final String SECRET_ID = "shop/database"; ‹N:name›
    private String password; ‹N:declaration›
    private String token = null; ‹N:nothing›
    static final String ERROR = "Password must not be empty"; ‹N:prose›
    @Value("${mail.password}") ‹N:reference›
    private String mailPassword;
    public void login(String user, String password) { this.password = password; } ‹N:reference›
    Connection open() throws SQLException {
        return DriverManager.getConnection("jdbc:mysql://db/shop", "shop", "{{pw}}"); ‹Q:third argument of a call›
    }
    Properties props() {
        props.setProperty("mail.smtp.password", "{{human}}"); ‹S:pair as arguments›
        props.put("ssl.truststore.password", System.getenv("TRUSTSTORE_PASSWORD")); ‹N:reference›
        props.put("mail.smtp.auth", "true"); ‹N:flag›
        request.setHeader("X-Auth-Token", token); ‹N:reference›
        dataSource.setPassword("{{pw}}"); ‹S:setter›
        dataSource.setPassword(config.password()); ‹N:reference›
        keyStore.load(in, "changeit".toCharArray()); ‹N:default, no name›
        form.setPasswordLabel("Your password"); ‹N:label›
        if (password.equals("")) { throw new IllegalStateException("token=missing"); } ‹N:message›
        return props;
    }
}
