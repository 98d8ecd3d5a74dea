using Microsoft.Extensions.Logging.Abstractions;
using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Git.Names;
using Portcullis.Server.Configuration;

namespace Portcullis.Server.Diagnosis;

/// <summary>The Git servers elsewhere.</summary>
internal static class UpstreamDiagnosis
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_clockTolerance = TimeSpan.FromSeconds(30);

    /// <summary>Whether each can be reached, by which way, accepts the credential that it is shown, and knows the time.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="repositories">Repositories that are looked at, too, each at its upstream.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<IReadOnlyList<Finding>> UpstreamsAsync(
        Installation installation, IReadOnlyList<RepositoryPath> repositories, CancellationToken cancellationToken)
    {
        var definitions = UpstreamChecks.Definitions(installation.Configuration);
        var findings = new List<Finding>();
        foreach (var upstream in definitions)
        {
            var named = repositories.Where(repository => definitions.FirstOrDefault(definition => definition.Match.IsMatch(repository)) == upstream).ToList();
            if (named.Count == 0)
            {
                findings.AddRange(await UpstreamAsync(upstream, null, installation.TimeProvider, cancellationToken));
            }

            foreach (var repository in named)
            {
                findings.AddRange(await UpstreamAsync(upstream, repository, installation.TimeProvider, cancellationToken));
            }
        }

        findings.AddRange(repositories.Where(repository => !definitions.Any(definition => definition.Match.IsMatch(repository)))
            .Select(repository => Finding.Warning($"repository {repository}", "No upstream serves it.", "Name one that 'match' of an upstream matches.")));
        return findings;
    }

    private static async Task<IEnumerable<Finding>> UpstreamAsync(UpstreamDefinition upstream, RepositoryPath? repository, TimeProvider time, CancellationToken cancellationToken)
    {
        var topic = $"upstream {upstream.Name}";
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            var examination = await UpstreamProbe.RunAsync(upstream, repository, time, NullLoggerFactory.Instance, patience.Token);
            return examination.Problem is null
                ? [Answer(topic, upstream, repository, examination), .. Doubts(topic, upstream, examination)]
                : [Finding.Wrong(topic, $"{upstream.Url} can't be used: {examination.Problem}", examination.Mend!), .. Doubts(topic, upstream, examination)];
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return [Finding.Wrong(topic, $"{upstream.Url} does not answer.", "See that it can be reached from here.")];
        }
    }

    private static Finding Answer(string topic, UpstreamDefinition upstream, RepositoryPath? repository, UpstreamExamination examination)
    {
        var how = $"{upstream.Url} answers over HTTP/{examination.HttpVersion}{(upstream.Url.Scheme == Uri.UriSchemeHttps ? " and TLS" : "")}"
            + (upstream.Credential is null ? ", without a credential" : ", and does not reject the credential");
        return (repository, examination) switch
        {
            (_, { SpeaksVersion2: true }) => Finding.Good(topic, $"{how}; it speaks protocol version 2"),
            (_, { HasRepository: true }) => Finding.Warning(
                topic,
                $"{how}; it speaks protocol version 0 alone.",
                "Everything works, and each listing of refs takes all of them: see that it knows version 2, and is given the header Git-Protocol by what stands before it."),
            (null, _) => Finding.Good(topic, how + "; `portcullis doctor --repository` shows more of a repository"),
            _ => Finding.Wrong(
                topic,
                $"{how}, and says that there is no {repository}.",
                "If there is, the credential may not see it, or 'url', 'prefix' or 'suffix' of this upstream lead elsewhere."),
        };
    }

    private static IEnumerable<Finding> Doubts(string topic, UpstreamDefinition upstream, UpstreamExamination examination)
    {
        if (examination.ClockAhead is { } ahead && ahead.Duration() > s_clockTolerance)
        {
            yield return Finding.Warning(
                topic,
                $"Its clock is {ahead.Duration().TotalSeconds:0} seconds {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} this machine's.",
                "See which of the two is wrong: what is signed here with a time, it may refuse.");
        }

        if (upstream.Credential is not null && !Addresses.IsSafe(upstream.Url))
        {
            yield return Finding.Warning(topic, "Its credential goes over the network for all to read.", "Use https:// in 'url' as soon as it can be had.");
        }
    }
}
