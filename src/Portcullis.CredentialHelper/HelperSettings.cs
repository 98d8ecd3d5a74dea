using Portcullis.CredentialHelper.Processes;

namespace Portcullis.CredentialHelper;

/// <summary>What git's configuration says to this helper about a server: <c>credential.&lt;url&gt;.portcullis…</c>.</summary>
internal sealed record HelperSettings
{
    /// <summary>Where people sign in. Default: the server itself. Never what a server says: a token is given to the server of its own authority, and to servers that the person configured.</summary>
    public required string Authority { get; init; }

    /// <summary>What a login is for; null: all that the policy gives, of which each repository's token is a part.</summary>
    public string? Scope { get; init; }

    /// <summary>Whether a person may be asked.</summary>
    public bool IsInteractive { get; init; } = true;

    /// <summary>Whether they are asked by the device flow, since there is no browser here.</summary>
    public bool UsesDevice { get; init; }

    /// <summary>Reads the settings for a server.</summary>
    /// <exception cref="FormatException">One makes no sense.</exception>
    public static async Task<HelperSettings> ReadAsync(string origin)
    {
        var authority = (await Programs.GitSettingAsync("portcullisAuthority", origin))?.TrimEnd('/') ?? origin;
        if (!Remote.TryOrigin(authority, out var checkedAuthority))
        {
            throw new FormatException($"credential.{origin}.portcullisAuthority is an address such as https://git.example.com");
        }

        var flow = await Programs.GitSettingAsync("portcullisFlow", origin);
        var usesDevice = flow switch
        {
            "device" => true,
            "browser" => false,
            null => !HasBrowser,
            _ => throw new FormatException($"credential.{origin}.portcullisFlow is browser or device"),
        };
        return new HelperSettings
        {
            Authority = checkedAuthority,
            Scope = await Programs.GitSettingAsync("portcullisScope", origin),
            UsesDevice = usesDevice,

            // Nobody reads a code where git itself may not ask; a browser opens a window of its own.
            IsInteractive = await Programs.GitSettingAsync("interactive", origin) is not ("false" or "never" or "0") && !(usesDevice && Environment.GetEnvironmentVariable("GIT_TERMINAL_PROMPT") == "0"),
        };
    }

    private static bool HasBrowser => Is("BROWSER") || (!Is("SSH_CONNECTION") && (!OperatingSystem.IsLinux() || Is("DISPLAY") || Is("WAYLAND_DISPLAY")));

    private static bool Is(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };
}
