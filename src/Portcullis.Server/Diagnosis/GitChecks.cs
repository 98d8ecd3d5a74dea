using Portcullis.Gateway.Backends.Host.Processes;

namespace Portcullis.Server.Diagnosis;

/// <summary>The git program.</summary>
internal static class GitChecks
{
    private static readonly Version s_oldest = new(2, 39);
    private static readonly Version s_reftable = new(2, 45);

    /// <summary>Its version, and what it can't do.</summary>
    public static async Task<Finding> GitAsync(Installation installation, CancellationToken cancellationToken)
    {
        const string Topic = "git";
        try
        {
            installation.MakeDirectories();
            var program = await GitProgram.FindAsync(installation.GatewayOptions, installation.TimeProvider, cancellationToken);
            return program.Version < s_oldest ? Finding.Wrong(Topic, $"{program.Path} is git {program.VersionText}.", $"Portcullis is tested with git {s_oldest} and later: install a newer one.")
                : program.Version < s_reftable ? Finding.Good(Topic, $"{program.VersionText} ({program.Path}); repositories with reftable need {s_reftable}")
                : Finding.Good(Topic, $"{program.VersionText} ({program.Path})");
        }
        catch (Exception exception) when (exception is IOException or GitFailedException or System.ComponentModel.Win32Exception)
        {
            return Finding.Wrong(Topic, exception.Message, "Install git, or name it in git.program.");
        }
    }
}
