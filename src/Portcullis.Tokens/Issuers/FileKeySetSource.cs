using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Issuers;

/// <summary>A JSON Web Key Set in a file. Read again within a second or so of a change; the last good set stays while the file is missing or broken.</summary>
public sealed class FileKeySetSource : IKeySetSource
{
    private readonly ReloadingFile _file;

    /// <summary>Creates the source; the file is read at the first use.</summary>
    /// <param name="path">The file with the key set.</param>
    /// <param name="time">The clock.</param>
    public FileKeySetSource(string path, TimeProvider time) => _file = new ReloadingFile(path, JwksReader.MaximumBytes, static content => KeySet.ParseJwks(content), time);

    /// <inheritdoc/>
    public bool IsSymmetric => false;

    /// <inheritdoc/>
    public KeySetSourceStatus Status
    {
        get
        {
            _file.Get();
            ReloadingFile.State? state = _file.Current;
            string? problem = state?.Problem ?? (state?.Keys is { Problems.Count: > 0 } keys ? string.Join(" ", keys.Problems) : null);
            return new KeySetSourceStatus(_file.Path, state?.Keys?.Count ?? 0, state?.LoadedAt, problem);
        }
    }

    /// <inheritdoc/>
    public ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken) => new(_file.Get());

    /// <inheritdoc/>
    public ValueTask<KeySet?> RefreshForUnknownKeyAsync(string? keyId, CancellationToken cancellationToken) => new(_file.GetForUnknownKey());
}
