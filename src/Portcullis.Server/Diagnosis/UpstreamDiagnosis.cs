using Microsoft.Extensions.Logging.Abstractions;
using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Server.Configuration;

namespace Portcullis.Server.Diagnosis;

/// <summary>The Git servers elsewhere.</summary>
internal static class UpstreamDiagnosis
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    /// <summary>Whether each can be reached and accepts the credential that it is shown.</summary>
    public static async Task<IReadOnlyList<Finding>> UpstreamsAsync(Installation installation, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        foreach (var upstream in UpstreamChecks.Definitions(installation.Configuration))
        {
            findings.Add(await UpstreamAsync(upstream, installation.TimeProvider, cancellationToken));
        }

        return findings;
    }

    private static async Task<Finding> UpstreamAsync(UpstreamDefinition upstream, TimeProvider time, CancellationToken cancellationToken)
    {
        var topic = $"upstream {upstream.Name}";
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            return await UpstreamProbe.RunAsync(upstream, time, NullLoggerFactory.Instance, patience.Token) is var (problem, mend)
                ? Finding.Wrong(topic, $"{upstream.Url} can't be used: {problem}", mend)
                : Finding.Good(topic, $"{upstream.Url} answers");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Finding.Wrong(topic, $"{upstream.Url} does not answer.", "See that it can be reached from here.");
        }
    }
}
