namespace Portcullis.Git.SmartHttp;

/// <summary>
/// The <c>Git-Protocol</c> header: keys and values between colons, of which only <c>version</c> has a meaning (<c>determine_protocol_version_server</c> in protocol.c).
/// The header itself never goes further: git is given <see cref="ToHeaderValue"/>.
/// </summary>
public static class GitProtocolHeader
{
    /// <summary>The longest header that is read, in characters.</summary>
    public const int MaxLength = 1024;

    /// <summary>Reads the header.</summary>
    /// <param name="header">The value; null when there is none.</param>
    /// <param name="version">The highest version asked for that exists; 0 for any other text, as in git.</param>
    /// <returns>False when the header can only be an attack: controls, non-ASCII or too long.</returns>
    public static bool TryParse(string? header, out GitProtocolVersion version)
    {
        version = GitProtocolVersion.V0;
        if (header is null)
        {
            return true;
        }

        if (header.Length > MaxLength || header.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return false;
        }

        foreach (var range in header.AsSpan().Split(':'))
        {
            var asked = header.AsSpan(range) switch
            {
                "version=1" => GitProtocolVersion.V1,
                "version=2" => GitProtocolVersion.V2,
                _ => GitProtocolVersion.V0,
            };
            version = asked > version ? asked : version;
        }

        return true;
    }

    /// <summary>The header, or the value of <c>GIT_PROTOCOL</c>, that asks for a version and nothing else.</summary>
    /// <param name="version">The version.</param>
    /// <returns><c>version=N</c>; null for version 0, which is asked for by silence.</returns>
    public static string? ToHeaderValue(GitProtocolVersion version) => version switch
    {
        GitProtocolVersion.V1 => "version=1",
        GitProtocolVersion.V2 => "version=2",
        _ => null,
    };
}
