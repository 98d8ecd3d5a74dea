using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Issuers;

/// <summary>
/// A shared secret (HS256, HS384, HS512) in a file: its bytes as they are, without one line end at the end; or, after <c>base64:</c>, the bytes in base64. Read again within a second or so of a
/// change.
/// </summary>
public sealed class SecretFileKeySetSource : IKeySetSource
{
    private readonly ReloadingFile _file;

    /// <summary>Creates the source; the file is read at the first use.</summary>
    /// <param name="path">The file with the secret; it should have mode 0600.</param>
    /// <param name="algorithms">The issuer's allow-list: the weakest decides how long the secret must be at least (RFC 7518 §3.2): 256, 384 or 512 bits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="keyId">The <c>kid</c> that its tokens must carry; <see langword="null"/>: any, or none, since there is one key only.</param>
    public SecretFileKeySetSource(string path, IReadOnlyCollection<string> algorithms, TimeProvider time, string? keyId = null)
    {
        int minimumBits = algorithms.Select(AlgorithmDescriptor.Find).OfType<AlgorithmDescriptor>().Where(a => a.Family == KeyFamily.Hmac).Select(a => a.MinimumKeyBits).DefaultIfEmpty(256).Min();
        _file = new ReloadingFile(path, SharedSecret.MaximumBytes, content => SharedSecret.ToKeySet(SharedSecret.Decode(content), minimumBits, keyId), time);
    }

    /// <inheritdoc/>
    public bool IsSymmetric => true;

    /// <inheritdoc/>
    public KeySetSourceStatus Status
    {
        get
        {
            _file.Get();
            ReloadingFile.State? state = _file.Current;
            return new KeySetSourceStatus(_file.Path, state?.Keys?.Count ?? 0, state?.LoadedAt, state?.Problem ?? BoundedFile.FindModeProblem(_file.Path));
        }
    }

    /// <inheritdoc/>
    public ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken) => new(_file.Get());

    /// <inheritdoc/>
    public ValueTask<KeySet?> RefreshForUnknownKeyAsync(string? keyId, CancellationToken cancellationToken) => new(_file.GetForUnknownKey());
}
