using Portcullis.Authority.Keys;
using Portcullis.Server.Administration;
using Portcullis.Server.Commands;
using Portcullis.Tokens.Keys;

namespace Portcullis.Server.Diagnosis;

/// <summary>The authority: its database, its keys, and what protects them.</summary>
internal static class AuthorityDiagnosis
{
    private const string Topic = "signing keys";

    /// <summary>Everything about it; nothing where it is off.</summary>
    public static async Task<IReadOnlyList<Finding>> ExamineAsync(Installation installation, CancellationToken cancellationToken)
    {
        if (!installation.Configuration.Authority.Enabled)
        {
            return [];
        }

        var findings = new List<Finding> { await KeysAsync(installation, cancellationToken) };
        findings.AddRange(SecretFiles(installation));
        return findings;
    }

    private static async Task<Finding> KeysAsync(Installation installation, CancellationToken cancellationToken)
    {
        try
        {
            await using var authority = await LocalAuthority.OpenIfThereAsync(installation, cancellationToken);
            if (authority is null)
            {
                return Finding.Warning(Topic, "There are none yet.", "The first `portcullis serve` makes them.");
            }

            var signing = authority.Keys.List().Where(key => key.State == KeyState.Signing).ToList();
            return Finding.Good(Topic, string.Join("; ", signing.Select(key => $"{key.Algorithm}, {key.KeyId}")));
        }
        catch (CommandFailedException exception)
        {
            return Finding.Wrong(Topic, exception.Message, "Until then the server does not start: without its keys and revocations it could not tell a good token from a bad one.");
        }
    }

    // Whoever reads one of these can sign any token.
    private static IEnumerable<Finding> SecretFiles(Installation installation)
    {
        var protection = Path.Combine(installation.Configuration.Data, "protection");
        var files = Directory.Exists(protection) ? Directory.EnumerateFiles(protection, "*.xml") : [];
        foreach (var file in files.Append(installation.SigningKeyPath).Concat(installation.Configuration.Authority.KeyEncryptionKeyFile is { } key ? [key] : []))
        {
            if (File.Exists(file) && SigningKeyFile.FindModeProblem(file) is { } problem)
            {
                yield return Finding.Wrong("protection of keys", problem, $"chmod 600 {file}; if others have had access, `portcullis key rotate --now`: who has it can sign any token.");
            }
        }
    }
}
