using Portcullis.Git.Names;

namespace Portcullis.Server.Diagnosis;

/// <summary>Looks at an installation from all sides. It changes nothing.</summary>
internal static class Doctor
{
    /// <summary>Everything that was looked at, in the order in which it is needed.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="repositories">Repositories of upstreams that are looked at, too.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<IReadOnlyList<Finding>> ExamineAsync(Installation installation, IReadOnlyList<RepositoryPath> repositories, CancellationToken cancellationToken)
    {
        return
        [
            .. ConfigurationChecks.Configuration(installation),
            ConfigurationChecks.Policy(installation),
            .. await IssuerChecks.IssuersAsync(installation, cancellationToken),
            .. await UpstreamDiagnosis.UpstreamsAsync(installation, repositories, cancellationToken),
            await GitChecks.GitAsync(installation, cancellationToken),
            .. FileChecks.Folders(installation),
            MaintenanceChecks.Repositories(installation),
            .. await AuthorityDiagnosis.ExamineAsync(installation, cancellationToken),
            FileChecks.AuditKey(installation),
            .. FileChecks.Space(installation),
            await AuditChecks.ClockAsync(installation, cancellationToken),
            await AuditChecks.ChainAsync(installation, cancellationToken),
            TlsChecks.PublicUrl(installation),
            .. TlsChecks.Certificate(installation),
            await TlsChecks.ReachableAsync(installation, cancellationToken),
        ];
    }
}
