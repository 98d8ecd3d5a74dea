using Portcullis.Tokens.Issuers;

namespace Portcullis.Server.Diagnosis;

/// <summary>The other issuers whose tokens are accepted.</summary>
internal static class IssuerChecks
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Whether each issuer's keys can be had.</summary>
    public static async Task<IReadOnlyList<Finding>> IssuersAsync(Installation installation, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        foreach (var issuer in installation.ConfiguredIssuers())
        {
            findings.Add(await IssuerAsync(issuer, cancellationToken));
        }

        return findings;
    }

    private static async Task<Finding> IssuerAsync(TrustedIssuer issuer, CancellationToken cancellationToken)
    {
        var topic = $"issuer {issuer.Issuer}";
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            var keys = await issuer.KeySource.GetAsync(patience.Token);
            var status = issuer.KeySource.Status;
            return keys is null || keys.Count == 0
                ? Finding.Wrong(topic, $"There are no keys in {status.Location}: {status.Problem ?? "nothing was found"}", "See that it is there and can be reached; until then this issuer's tokens are refused.")
                : status.Problem is { } problem ? Finding.Warning(topic, problem, $"See {status.Location}.")
                : Finding.Good(topic, $"{keys.Count} keys from {status.Location}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Finding.Wrong(topic, $"{issuer.KeySource.Status.Location} does not answer.", "See that it can be reached from here.");
        }
    }
}
