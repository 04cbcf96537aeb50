export const tokens = (password, secret = "x") => { ‹N:source›
  const apiKey = settings.apiKey; ‹N:source›
  return token(password);
};
