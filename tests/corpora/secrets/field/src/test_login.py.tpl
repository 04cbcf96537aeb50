"""Tests of the login."""
def test_login(client):
    response = client.post("/login", data={"user": "ann", "password": "secret"}) ‹N:placeholder of a test›
    assert response.json()["token"]
    user = make_user(password="test1234") ‹N:placeholder of a test›
    token = "abc" ‹N:placeholder of a test›
    client.force_login(user)
    api_key = "test-api-key" ‹N:placeholder of a test›
    assert not check_password("wrong-password") ‹N:placeholder of a test›
    live = "{{stripe}}" ‹S:a provider's token is one anywhere›
