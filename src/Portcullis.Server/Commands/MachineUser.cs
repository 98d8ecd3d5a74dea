using Portcullis.Authority;

namespace Portcullis.Server.Commands;

/// <summary>
/// Who typed a command. Whoever may run one here can write the log as well: this is for those who look back, and no proof against who means to hide.
/// </summary>
internal static class MachineUser
{
    /// <summary>The issuer that stands for the machine's own list of users.</summary>
    public const string Issuer = "local";

    /// <summary>The user of the process; behind sudo, who called it.</summary>
    public static CommandOperator Current { get; } = new(Name(), Issuer);

    private static string Name()
    {
        // A container's user may be a number alone, without a name.
        var user = Environment.UserName is { Length: > 0 } name ? name : "unnamed";
        return user == "root" && Environment.GetEnvironmentVariable("SUDO_USER") is { Length: > 0 and <= 64 } caller ? caller : user;
    }
}
