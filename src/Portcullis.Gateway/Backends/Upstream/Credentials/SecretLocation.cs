namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>Where a secret is: in a file, which is read again when it changes, or in an environment variable of the program.</summary>
/// <param name="File">Absolute path of the file; null for a variable.</param>
/// <param name="Variable">The variable's name; null for a file.</param>
public sealed record SecretLocation(string? File, string? Variable)
{
    /// <summary>The location in words.</summary>
    public override string ToString() => File ?? $"the environment variable {Variable}";
}
