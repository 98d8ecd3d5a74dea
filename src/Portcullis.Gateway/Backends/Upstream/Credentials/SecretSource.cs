namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>Reads a secret, again when its file has changed: secrets are rotated while the program runs.</summary>
internal sealed class SecretSource(SecretLocation location)
{
    private const int MaxBytes = 64 * 1024;

    private Entry? kept;

    /// <summary>The secret, without the white space around it.</summary>
    /// <exception cref="UpstreamCredentialException">It is not there, empty, or no single line of text.</exception>
    public string Read()
    {
        if (location.File is not { } path)
        {
            return Checked(Environment.GetEnvironmentVariable(location.Variable!) ?? string.Empty);
        }

        try
        {
            var file = new FileInfo(path);
            if (kept is { } entry && file.Exists && entry.Modified == file.LastWriteTimeUtc && entry.Length == file.Length)
            {
                return entry.Secret;
            }

            if (file.Length > MaxBytes)
            {
                throw new UpstreamCredentialException($"The secret in {location} is larger than {MaxBytes >> 10} KiB.");
            }

            var secret = Checked(File.ReadAllText(path));
            kept = new Entry(file.LastWriteTimeUtc, file.Length, secret);
            return secret;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UpstreamCredentialException($"The secret in {location} can't be read.", exception);
        }
    }

    // What reaches a header holds no control character, whoever wrote the file.
    private string Checked(string text)
    {
        var secret = text.Trim();
        return secret.Length == 0 ? throw new UpstreamCredentialException($"There is no secret in {location}.")
            : secret.Any(char.IsControl) ? throw new UpstreamCredentialException($"The secret in {location} is not a single line of text.")
            : secret;
    }

    private sealed record Entry(DateTime Modified, long Length, string Secret);
}
