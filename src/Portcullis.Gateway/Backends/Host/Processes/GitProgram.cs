using System.Text;

namespace Portcullis.Gateway.Backends.Host.Processes;

/// <summary>The git program that serves repositories.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Version">Its version's numbers.</param>
/// <param name="VersionText">Its version as it says it.</param>
public sealed record GitProgram(string Path, Version Version, string VersionText)
{
    private const int MaxOutputBytes = 4096;

    /// <summary>Finds git as the gateway would, and asks for its version.</summary>
    /// <param name="options">The gateway's settings.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FileNotFoundException">There is no git.</exception>
    /// <exception cref="GitFailedException">It does not say its version.</exception>
    public static async Task<GitProgram> FindAsync(GatewayOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var git = GitInstallation.Prepare(options, time);
        var output = await git.RunAsync(
            new GitInvocation { Subcommand = "version", Arguments = [], Directory = options.RunDirectory },
            ReadOnlyMemory<byte>.Empty,
            MaxOutputBytes,
            cancellationToken);

        // git version 2.39.5 (Apple Git-154), git version 2.47.0.windows.1
        var text = Encoding.UTF8.GetString(output).Trim();
        var words = text.Split(' ');
        var numbers = words.Length > 2 ? string.Join('.', words[2].Split('.').TakeWhile(part => part.All(char.IsAsciiDigit)).Take(4)) : "";
        return Version.TryParse(numbers, out var version)
            ? new GitProgram(git.Program, version, words[2])
            : throw new GitFailedException("version", 0, "it does not say its version");
    }
}
