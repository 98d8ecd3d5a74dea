namespace Portcullis.Gateway.Backends.PackCache;

/// <summary>Bounds of a <see cref="AnswerCache"/>.</summary>
/// <param name="Directory">Where the answers lie.</param>
/// <param name="MaxBytes">How much they take together; 0 to keep none.</param>
/// <param name="MaxAge">How long one is kept.</param>
internal sealed record AnswerCacheOptions(string Directory, long MaxBytes, TimeSpan MaxAge);
