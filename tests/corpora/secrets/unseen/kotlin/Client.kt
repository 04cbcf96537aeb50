package com.acme
const val API_KEY = "{{an:40}}" ‹S:constant›
const val KEY_TOKEN = "pref_token" ‹N:name›
private val password: String = "{{pw}}" ‹S:annotated›
val token = System.getenv("TOKEN") ?: "{{human}}" ‹S:default›
data class Login(val user: String, val password: String) ‹N:declaration›
fun hint() = "Password must be longer" ‹N:prose›
val client = Client(apiKey = BuildConfig.API_KEY) ‹N:reference›
val other = Client(clientSecret = "{{an:40}}") ‹S:argument›
@SerializedName("access_token") val accessToken: String? = null ‹N:name›
