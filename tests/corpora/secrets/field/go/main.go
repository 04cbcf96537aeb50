package main
const tokenHeader = "X-Shop-Token" ‹N:name›
const defaultPassword = "{{human}}" ‹S:constant›
var jwtSecret = []byte("{{an:32}}") ‹S:bytes›
var errPassword = errors.New("password does not match") ‹N:prose›
type Config struct {
	Password string `json:"password" env:"DB_PASSWORD"` ‹N:tag›
	APIKey   string `yaml:"apiKey"` ‹N:tag›
}
func main() {
	password := os.Getenv("DB_PASSWORD") ‹N:reference›
	token := flag.String("token", "", "token of the API") ‹N:prose›
	key := flag.String("api-key", "{{hex:40}}", "key of the API") ‹S:default of a flag›
	db := sql.Open("postgres", "host=db user=shop password={{pw}} dbname=shop") ‹S:connection string›
	db2 := sql.Open("postgres", fmt.Sprintf("host=db user=shop password=%s", password)) ‹N:reference›
	cfg := Config{Password: "{{pw}}", APIKey: os.Getenv("API_KEY")} ‹S:field›
	req.SetBasicAuth("shop", "{{human}}") ‹Q:second argument of a call›
	req.Header.Set("Authorization", "Bearer "+token) ‹N:reference›
	req.Header.Set("X-Api-Key", "{{an:32}}") ‹S:header›
	secretName := "shop-db" ‹N:name›
	secret, err := client.CoreV1().Secrets("shop").Get(ctx, "shop-db", opts) ‹N:reference›
	switch tok { case token.STRING: kind = "token" } ‹N:words›
	log.Printf("password changed for %s", user) ‹N:prose›
	passwordHash := bcrypt(password) ‹N:reference›
	clientSecret = "{{an:40}}" ‹S:assignment›
}
