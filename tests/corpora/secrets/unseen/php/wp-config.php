<?php
define( 'DB_NAME', 'blog' );
define( 'DB_USER', 'blog' );
define( 'DB_PASSWORD', '{{pw}}' ); ‹S:define›
define( 'AUTH_KEY', '{{sym:64}}' ); ‹S:define›
define( 'NONCE_SALT', '{{sym:64}}' ); ‹S:define›
define( 'DB_CHARSET', 'utf8mb4' );
define( 'JWT_AUTH_SECRET_KEY', getenv( 'JWT_SECRET' ) ); ‹N:reference›
$table_prefix = 'wp_';
$password = $_POST['password']; ‹N:reference›
$secret = 'your-secret-here'; ‹N:placeholder›
$api_key = "{{an:32}}"; ‹S:variable›
$config = array( 'password' => '{{human}}', 'token' => env('TOKEN') ); ‹S:arrow›
$labels = [ 'password' => 'Password', 'token' => 'Token' ]; ‹N:labels›
$this->setPassword( $password ); ‹N:reference›
echo '<input type="password" name="password">'; ‹N:form›
