using Portcullis.Audit;

namespace Portcullis.Server.Diagnosis;

/// <summary>The audit log, and the clock that it proves.</summary>
internal static class AuditChecks
{
    private const long MaxBytesVerified = 256L << 20;

    /// <summary>Whether the log is whole.</summary>
    public static async Task<Finding> ChainAsync(Installation installation, CancellationToken cancellationToken)
    {
        const string Topic = "audit log";
        var folder = installation.Configuration.Audit.Directory;
        if (!Directory.Exists(folder) || !File.Exists(installation.AuditPublicKeyPath))
        {
            return Finding.Good(Topic, "nothing has been written yet");
        }

        if (new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length) > MaxBytesVerified)
        {
            return Finding.Good(Topic, "too large to verify in passing: `portcullis audit verify` does it");
        }

        try
        {
            var verification = await AuditVerifier.VerifyAsync(folder, AuditKeySet.Parse(await File.ReadAllTextAsync(installation.AuditPublicKeyPath, cancellationToken)), cancellationToken: cancellationToken);
            return verification.IsIntact
                ? Finding.Good(Topic, $"{verification.Nodes.Sum(node => node.Lines)} lines, intact")
                : Finding.Wrong(Topic, $"{verification.Problems.Count + verification.FurtherProblems} problems, the first: {verification.Problems[0]}", "See `portcullis audit verify`: somebody or something has changed the log.");
        }
        catch (Exception exception) when (exception is IOException or FormatException or UnauthorizedAccessException)
        {
            return Finding.Wrong(Topic, exception.Message, "See that the log's folder and keys/audit-keys.json can be read.");
        }
    }

    /// <summary>Whether the clock can be right.</summary>
    public static async Task<Finding> ClockAsync(Installation installation, CancellationToken cancellationToken)
    {
        const string Topic = "clock";
        var now = installation.TimeProvider.GetUtcNow();
        const string Mend = "Set the clock, and keep it set (systemd-timesyncd, chrony): with a wrong one, valid tokens are refused and expired ones accepted.";
        var built = new DateTimeOffset(File.GetLastWriteTimeUtc(typeof(AuditChecks).Assembly.Location), TimeSpan.Zero);
        if (now < built - TimeSpan.FromDays(1))
        {
            return Finding.Wrong(Topic, $"It says {now:u}, and this program was built {built:u}.", Mend);
        }

        if (Directory.Exists(installation.Configuration.Audit.Directory))
        {
            var future = new AuditFilter { Since = now + TimeSpan.FromMinutes(1) };
            await foreach (var entry in new AuditReader(installation.Configuration.Audit.Directory).ReadAsync(future, cancellationToken))
            {
                return Finding.Wrong(Topic, $"It says {now:u}, and the audit log has a line of {entry.Record.Time:u}.", Mend);
            }
        }

        return Finding.Good(Topic, $"{now:u}");
    }
}
