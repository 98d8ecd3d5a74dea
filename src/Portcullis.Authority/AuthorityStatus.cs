using System.Diagnostics.Metrics;
using Portcullis.Authority.Revocations;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority;

/// <summary>How the authority does: for readiness, and as measurements of the meter <c>Portcullis.Authority</c>.</summary>
public sealed class AuthorityStatus : IDisposable
{
    private readonly PlainDatabase _database;
    private readonly Meter _meter = new("Portcullis.Authority");
    private readonly Counter<long> _issued;
    private readonly Counter<long> _signIns;

    internal AuthorityStatus(PlainDatabase database, RevocationIndex revocations)
    {
        _database = database;
        _issued = _meter.CreateCounter<long>("portcullis.authority.tokens", description: "Requests for tokens, by how they ended.");
        _signIns = _meter.CreateCounter<long>("portcullis.authority.sign_ins", description: "Attempts to sign in, by how they ended.");
        _meter.CreateObservableGauge("portcullis.authority.revocations", () => revocations.Count, description: "What is revoked and may concern a token that is alive.");
        _meter.CreateObservableGauge("portcullis.authority.database.available", () => database.IsAvailable ? 1 : 0, description: "Whether the database answered when it was last asked.");
    }

    /// <summary>Whether the database answered when it was last asked, twice a second. Without it nothing is issued; tokens that were issued stay good.</summary>
    public bool IsDatabaseAvailable => _database.IsAvailable;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void CountToken(string outcome) => _issued.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    internal void CountSignIn(string outcome) => _signIns.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
