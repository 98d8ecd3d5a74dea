using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Portcullis.Authority.Revocations;
using Portcullis.Authority.Storage;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;

namespace Portcullis.Authority.Keys;

/// <summary>
/// The authority's signing keys: in the database, with the private halves encrypted, and in memory as one immutable snapshot. It is a key source, so that the gateway in the same
/// process verifies with exactly the keys that sign.
/// </summary>
public sealed partial class KeyRing : IKeySetSource
{
    // What validators may allow beyond `exp`.
    private static readonly TimeSpan s_margin = TimeSpan.FromMinutes(6);

    private readonly IServiceScopeFactory _scopes;
    private readonly PlainDatabase _database;
    private readonly KeyRows _rows;
    private readonly AuthorityOptions _options;
    private readonly Revocations.Revocations _revocations;
    private readonly TimeProvider _clock;
    private readonly ILogger<KeyRing> _log;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly Dictionary<string, SigningKey> _decrypted = [];
    private volatile KeyRingSnapshot? _snapshot;
    private string _fingerprint = "";
    private byte[]? _internalSecret;
    private DateTimeOffset _loadedAt;

    internal KeyRing(
        IServiceScopeFactory scopes, PlainDatabase database, IDataProtectionProvider protection, AuthorityOptions options, Revocations.Revocations revocations, TimeProvider clock, ILogger<KeyRing> log)
    {
        _scopes = scopes;
        _database = database;
        _rows = new KeyRows(protection);
        _options = options;
        _revocations = revocations;
        _clock = clock;
        _log = log;
    }

    /// <summary>What a JWKS endpoint answers (RFC 7517 §5).</summary>
    public ReadOnlyMemory<byte> Jwks => Snapshot.Jwks;

    /// <inheritdoc/>
    public bool IsSymmetric => false;

    /// <inheritdoc/>
    public KeySetSourceStatus Status => new("the authority's key ring", Snapshot.KeySet.Count, _loadedAt, null);

    /// <summary>The file whose key became the ring's first, when this process took it in.</summary>
    internal string? ImportedFile { get; private set; }

    /// <summary>64 random bytes that protect codes and refresh tokens. They never leave the authority, and outlive signing keys: a rotation ends no session.</summary>
    internal byte[] InternalSecret => _internalSecret ?? throw NotReady();

    internal KeyRingSnapshot Snapshot => _snapshot ?? throw NotReady();

    /// <summary>The algorithms for which a key signs, the default one first.</summary>
    public IEnumerable<string> Algorithms => _options.AdditionalSigningAlgorithms.Prepend(_options.SigningAlgorithm).Distinct(StringComparer.Ordinal);

    /// <inheritdoc/>
    public ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken) => new(_snapshot?.KeySet);

    /// <inheritdoc/>
    public ValueTask<KeySet?> RefreshForUnknownKeyAsync(string? keyId, CancellationToken cancellationToken) => new((KeySet?)null);

    /// <summary>Every key that is stored, the newest first.</summary>
    public IReadOnlyList<KeyInfo> List()
    {
        KeyRingSnapshot snapshot = Snapshot;
        DateTimeOffset now = _clock.GetUtcNow();
        return [.. snapshot.Keys.OrderByDescending(key => key.CreatedAt).Select(key => Describe(snapshot, key, now))];
    }

    /// <summary>The key that signs at this moment.</summary>
    /// <param name="algorithm">One of the configured algorithms; null: the default one.</param>
    /// <exception cref="InvalidOperationException">There is no key for this algorithm.</exception>
    public SigningKey GetSigningKey(string? algorithm = null) =>
        Snapshot.FindSigning(algorithm ?? _options.SigningAlgorithm, _clock.GetUtcNow())?.Key
        ?? throw new InvalidOperationException($"No key signs with {algorithm ?? _options.SigningAlgorithm}.");

    /// <summary>Makes the next key of an algorithm.</summary>
    /// <param name="algorithm">One of the configured algorithms; null: the default one.</param>
    /// <param name="immediately">Whether it signs at once; otherwise it is published first, for <see cref="AuthorityOptions.PublishSigningKeyBefore"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<KeyInfo> RotateAsync(string? algorithm, bool immediately, CancellationToken cancellationToken)
    {
        algorithm ??= _options.SigningAlgorithm;
        return ChangeAsync(database =>
        {
            DateTimeOffset now = _clock.GetUtcNow();
            return Task.FromResult<string?>(AddSuccessor(database, SigningKey.Create(algorithm), immediately ? now : now + _options.PublishSigningKeyBefore));
        }, cancellationToken);
    }

    /// <summary>Takes in an existing private key, which signs from then on.</summary>
    /// <param name="text">An unencrypted private key as PEM or as a JSON Web Key.</param>
    /// <param name="algorithm">The algorithm to use it with; null: the one the text names, or that follows from the kind of key.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<AdministrationResult<KeyInfo>> ImportAsync(string text, string? algorithm, CancellationToken cancellationToken)
    {
        SigningKey key;
        try
        {
            key = text.TrimStart().StartsWith('{') ? PrivateJwk.Read(text, algorithm) : SigningKey.FromPem(text, algorithm);
        }
        catch (KeySetFormatException exception)
        {
            return AdministrationResult<KeyInfo>.Failed(exception.Message);
        }

        if (!Algorithms.Contains(key.Algorithm))
        {
            return AdministrationResult<KeyInfo>.Failed($"The key is for {key.Algorithm}, which is neither signingAlgorithm nor one of additionalSigningAlgorithms.");
        }

        if (Snapshot.Keys.Any(known => known.Key.KeyId == key.KeyId))
        {
            return AdministrationResult<KeyInfo>.Failed($"The ring holds the key {key.KeyId} already.");
        }

        return AdministrationResult<KeyInfo>.Done(await ChangeAsync(database => Task.FromResult<string?>(AddSuccessor(database, key, _clock.GetUtcNow())), cancellationToken));
    }

    /// <summary>
    /// Revokes a key: at once it verifies nothing, transfers that it opened are cut, and if it was the one that signs, a new one does.
    /// </summary>
    public async Task<AdministrationResult<KeyInfo>> RevokeAsync(string keyId, CancellationToken cancellationToken)
    {
        if (Snapshot.Keys.FirstOrDefault(key => key.Key.KeyId == keyId) is not { } known)
        {
            return AdministrationResult<KeyInfo>.Failed($"The ring holds no key '{keyId}'. `portcullis key list` names them.");
        }

        KeyInfo info = await ChangeAsync(async database =>
        {
            DateTimeOffset now = _clock.GetUtcNow();
            KeyRow row = await database.Keys.SingleAsync(k => k.KeyId == keyId, cancellationToken);
            row.RevokedAt ??= now;

            // A key that was only announced may have leaked just as well: the new one is new.
            if (Algorithms.Contains(known.Key.Algorithm) && Snapshot.StateOf(known, now) is KeyState.Signing)
            {
                AddSuccessor(database, SigningKey.Create(known.Key.Algorithm), now);
            }

            return keyId;
        }, cancellationToken);
        await _revocations.AddAsync(RevocationKind.Key, keyId, cancellationToken);
        return AdministrationResult<KeyInfo>.Done(info);
    }

    /// <summary>Reads the ring, and makes what is missing: the first key of each algorithm, the internal secret.</summary>
    internal async Task LoadAsync(CancellationToken cancellationToken)
    {
        await ReloadAsync(cancellationToken);
        DateTimeOffset now = _clock.GetUtcNow();
        if (_internalSecret is null && Snapshot.Keys.Count == 0)
        {
            // Nothing is replaced here, and the first start needs no EF.
            await _database.InsertAsync([.. Algorithms.Select(algorithm => _rows.OfKey(FirstKey(algorithm), now, now)).Prepend(_rows.OfNewSecret(now)).Select(FirstRows.Of)], cancellationToken);
            await ReloadAsync(cancellationToken);
        }
        else if (_internalSecret is null || Algorithms.Any(algorithm => Snapshot.FindSigning(algorithm, now) is null))
        {
            await ChangeAsync(database =>
            {
                string? made = null;
                if (_internalSecret is null)
                {
                    database.Keys.Add(_rows.OfNewSecret(now));
                }

                foreach (var algorithm in Algorithms.Where(algorithm => Snapshot.FindSigning(algorithm, now) is null))
                {
                    made = AddSuccessor(database, FirstKey(algorithm), now);
                }

                return Task.FromResult(made);
            }, cancellationToken);
        }
    }

    /// <summary>Takes in what other nodes, or commands, changed; cheap when nothing did.</summary>
    internal async Task PollAsync(CancellationToken cancellationToken)
    {
        List<KeyRow> rows = await _database.ReadKeysAsync(cancellationToken);
        if (Fingerprint(rows) != _fingerprint)
        {
            await ReloadAsync(cancellationToken);
        }
    }

    /// <summary>Does what is due: announces the next key, and drops what no living token can name.</summary>
    internal async Task RotateIfDueAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        KeyRingSnapshot snapshot = Snapshot;
        foreach (var algorithm in Algorithms)
        {
            RingKey? signing = snapshot.FindSigning(algorithm, now);
            if (signing is null)
            {
                await RotateAsync(algorithm, immediately: true, cancellationToken);
            }
            else if (_options.RotateSigningKeyEvery > TimeSpan.Zero && snapshot.FindNext(algorithm, now) is null
                && now >= signing.SignsFrom + _options.RotateSigningKeyEvery - _options.PublishSigningKeyBefore)
            {
                KeyInfo next = await RotateAsync(algorithm, immediately: false, cancellationToken);
                LogAnnounced(next.KeyId, next.SignsFrom);
            }
        }

        // A key whose time ran out leaves the published set.
        if (snapshot.Keys.Any(key => key.RevokedAt is null && key.VerifiesUntil <= now && key.VerifiesUntil > _loadedAt))
        {
            await ReloadAsync(cancellationToken);
        }
    }

    private SigningKey FirstKey(string algorithm)
    {
        if (algorithm != _options.SigningAlgorithm || _options.FirstSigningKeyFile is not { } file || !File.Exists(file) || Snapshot.Keys.Count > 0)
        {
            return SigningKey.Create(algorithm);
        }

        try
        {
            var key = SigningKey.FromPem(File.ReadAllText(file), algorithm);
            ImportedFile = file;
            return key;
        }
        catch (Exception exception) when (exception is KeySetFormatException or IOException or UnauthorizedAccessException)
        {
            throw new AuthorityDatabaseException($"The signing key in '{file}' can't be used: {exception.Message}", exception);
        }
    }

    private static string Fingerprint(IEnumerable<KeyRow> rows) =>
        string.Join("|", rows.Select(k => $"{k.KeyId},{k.SignsFrom.ToUnixTimeMilliseconds()},{k.VerifiesUntil?.ToUnixTimeMilliseconds()},{k.RevokedAt?.ToUnixTimeMilliseconds()}"));

    private static InvalidOperationException NotReady() => new("The authority has not been prepared: PreparePortcullisAuthorityAsync comes first.");

    private static KeyInfo Describe(KeyRingSnapshot snapshot, RingKey key, DateTimeOffset now) =>
        new(key.Key.KeyId!, key.Key.Algorithm, snapshot.StateOf(key, now), key.CreatedAt, key.SignsFrom, key.VerifiesUntil, key.RevokedAt);

    // Adds a key that takes over at a time, and sets the end of those it takes over from: when the last token that they can have signed by then is dead.
    private string AddSuccessor(AuthorityDbContext database, SigningKey key, DateTimeOffset signsFrom)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        database.Keys.Add(_rows.OfKey(key, now, signsFrom));
        DateTimeOffset end = signsFrom + _options.MaxAccessTokenLifetime + s_margin;
        foreach (KeyRow old in database.Keys.Where(k => k.Algorithm == key.Algorithm && k.VerifiesUntil == null && k.RevokedAt == null && k.KeyId != key.KeyId))
        {
            // One that was announced and never will sign has no token to wait for.
            old.VerifiesUntil = old.SignsFrom > signsFrom ? now : end;
        }

        return key.KeyId!;
    }

    private async Task<KeyInfo> ChangeAsync(Func<AuthorityDbContext, Task<string?>> change, CancellationToken cancellationToken)
    {
        string? keyId;
        await using (AsyncServiceScope scope = _scopes.CreateAsyncScope())
        {
            var database = scope.ServiceProvider.GetRequiredService<AuthorityDbContext>();
            keyId = await change(database);
            await database.SaveChangesAsync(cancellationToken);
        }

        await ReloadAsync(cancellationToken);
        KeyRingSnapshot snapshot = Snapshot;
        RingKey? key = snapshot.Keys.FirstOrDefault(k => k.Key.KeyId == keyId) ?? snapshot.Keys.FirstOrDefault();
        return key is null ? throw NotReady() : Describe(snapshot, key, _clock.GetUtcNow());
    }

    private async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            List<KeyRow> rows = await _database.ReadKeysAsync(cancellationToken);
            var keys = new List<RingKey>();
            foreach (KeyRow row in rows)
            {
                if (KeyRows.IsSecret(row))
                {
                    _internalSecret ??= _rows.ReadSecret(row);
                    continue;
                }

                if (!_decrypted.TryGetValue(row.KeyId, out SigningKey? key))
                {
                    key = _rows.ReadKey(row);
                    _decrypted.Add(row.KeyId, key);
                }

                keys.Add(new RingKey(key, row.CreatedAt, row.SignsFrom, row.VerifiesUntil, row.RevokedAt));
            }

            _loadedAt = _clock.GetUtcNow();
            _snapshot = new KeyRingSnapshot(keys, _loadedAt);
            _fingerprint = Fingerprint(rows);
        }
        finally
        {
            _changing.Release();
        }
    }

    [LoggerMessage(LogLevel.Information, "Signing key {KeyId} is published; it signs from {SignsFrom:u}.")]
    private partial void LogAnnounced(string keyId, DateTimeOffset signsFrom);
}
