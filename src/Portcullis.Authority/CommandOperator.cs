namespace Portcullis.Authority;

/// <summary>Who typed a command on the server's machine, as the audit log names them.</summary>
/// <param name="Name">Their name there.</param>
/// <param name="Issuer">What vouches for the name.</param>
public sealed record CommandOperator(string Name, string Issuer);
