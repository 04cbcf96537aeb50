Rails.application.configure do
  config.secret_key_base = "{{hex:128}}" ‹S:assignment›
  config.action_mailer.smtp_settings = { user_name: "shop", password: "{{human}}" } ‹S:entry›
  config.password_length = 8..128
  config.api_token = ENV.fetch("API_TOKEN") ‹N:reference›
  config.stripe_key = ENV.fetch("STRIPE_KEY", "{{an:32}}") ‹S:default›
  config.filter_parameters += [:password, :secret, :token] ‹N:names›
  config.reset_password_within = 6.hours
  config.token_header = 'X-Token' ‹N:name›
  http.basic_auth("shop", "{{pw}}") ‹Q:second argument of a call›
  validates :password, presence: true ‹N:rule›
  attr_accessor :password, :token ‹N:names›
end
