$env:API_KEY = "{{hex:32}}" ‹S:powershell›
$password = ConvertTo-SecureString "{{pw}}" -AsPlainText -Force ‹S:powershell_call›
$token = $env:GH_TOKEN ‹N:env_reference›
