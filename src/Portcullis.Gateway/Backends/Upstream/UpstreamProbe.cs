using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Git.Names;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>Asks an upstream a question that any Git server can answer, to see whether it can be reached and accepts its credential.</summary>
public static class UpstreamProbe
{
    private const string NoRepository = "portcullis-doctor";

    /// <summary>Asks.</summary>
    /// <param name="definition">The upstream.</param>
    /// <param name="repository">A repository that should be there; null for one that hardly is, since that there is none is an answer, too.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Told what an operator should know.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<UpstreamExamination> RunAsync(
        UpstreamDefinition definition, RepositoryPath? repository, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var answers = new LastAnswer();
        try
        {
            using var site = UpstreamSite.Open(definition, time, loggers, answers.Behind);
            var refs = new UpstreamRefs(time, new ListingBudget(long.MaxValue));
            using var discovery = await refs.DiscoverAsync(site, repository ?? RepositoryFor(definition.Match), GitProtocolVersion.V2, cancellationToken);
            return answers.Examine(time) with
            {
                HasRepository = discovery is not null,
                SpeaksVersion2 = discovery is null ? null : discovery.Facts.Version2 is not null,
            };
        }
        catch (UpstreamException exception)
        {
            return answers.Examine(time) with
            {
                Problem = exception.Message,
                Mend = UpstreamRefusals.For(definition, exception, "-").Text.Split('\n')[0],
            };
        }
        catch (Exception exception) when (exception is CryptographicException or IOException)
        {
            return new UpstreamExamination
            {
                Problem = exception.Message,
                Mend = "See that 'certificateAuthority' of this upstream names a file with certificates in PEM.",
            };
        }
    }

    private static RepositoryPath RepositoryFor(RepositoryPattern match) =>
        RepositoryPath.TryParse(string.Join(NoRepository, match.Pattern.Parts), out var path) ? path : RepositoryPath.Parse(NoRepository);

    // Keeps of each answer what says something of the server, and nothing of what it was shown.
    private sealed class LastAnswer
    {
        private DateTimeOffset? date;
        private Version? version;

        public HttpMessageHandler Behind(HttpMessageHandler handler) => new Watch(this, handler);

        public UpstreamExamination Examine(TimeProvider time) => new()
        {
            HttpVersion = version,
            ClockAhead = date - time.GetUtcNow(),
        };

        private sealed class Watch(LastAnswer answers, HttpMessageHandler handler) : DelegatingHandler(handler)
        {
            protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                var response = await base.SendAsync(request, cancellationToken);
                HttpResponseHeaders headers = response.Headers;
                (answers.date, answers.version) = (headers.Date, response.Version);
                return response;
            }
        }
    }
}
