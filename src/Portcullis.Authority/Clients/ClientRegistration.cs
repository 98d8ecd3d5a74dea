namespace Portcullis.Authority.Clients;

/// <summary>A client that was just added or changed.</summary>
/// <param name="Client">The client.</param>
/// <param name="Secret">Its secret, shown this once: only its hash is kept. Null for clients without one.</param>
public sealed record ClientRegistration(ClientInfo Client, string? Secret);
