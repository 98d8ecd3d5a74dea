namespace Portcullis.Tokens;

/// <summary>Who acts for a token's subject (RFC 8693 §4.1): an agent, a job, a service.</summary>
/// <param name="Subject">The actor's own <c>sub</c>.</param>
/// <param name="Issuer">The actor's <c>iss</c>; <see langword="null"/> when it is the token's own.</param>
public sealed record Actor(string Subject, string? Issuer = null);
