using Microsoft.Extensions.Logging;
using Portcullis.Git.Names;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>Asks an upstream a question that any Git server can answer, to see whether it can be reached and accepts its credential.</summary>
public static class UpstreamProbe
{
    private const string NoRepository = "portcullis-doctor";

    /// <summary>Asks.</summary>
    /// <param name="definition">The upstream.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Told what an operator should know.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What is wrong, in a sentence for the operator, and what to do; null when nothing is.</returns>
    public static async Task<(string Problem, string Mend)?> RunAsync(
        UpstreamDefinition definition, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        try
        {
            using var site = UpstreamSite.Open(definition, time, loggers);

            // That there is no such repository is an answer, too.
            using var answer = await site.DiscoverAsync(RepositoryFor(definition.Match), GitService.UploadPack, GitProtocolVersion.V2, cancellationToken);
            return null;
        }
        catch (UpstreamException exception)
        {
            return (exception.Message, UpstreamRefusals.For(definition, exception, "-").Text.Split('\n')[0]);
        }
        catch (Exception exception) when (exception is System.Security.Cryptography.CryptographicException or IOException)
        {
            return (exception.Message, "See that 'certificateAuthority' of this upstream names a file with certificates in PEM.");
        }
    }

    private static RepositoryPath RepositoryFor(RepositoryPattern match) =>
        RepositoryPath.TryParse(string.Join(NoRepository, match.Pattern.Parts), out var path) ? path : RepositoryPath.Parse(NoRepository);
}
