namespace Portcullis.Tokens.Issuers;

/// <summary>What a key source holds. Holds no secret: locations and counts.</summary>
/// <param name="Location">The file or URL, or a few words for a source in memory.</param>
/// <param name="KeyCount">How many keys can verify; 0 when nothing has been loaded.</param>
/// <param name="LoadedAt">When the set in use was loaded or last confirmed; <see langword="null"/> before the first time.</param>
/// <param name="Problem">What went wrong the last time that the source looked, or what is unwise about it, in a sentence; <see langword="null"/> when all is well.</param>
public sealed record KeySetSourceStatus(string Location, int KeyCount, DateTimeOffset? LoadedAt, string? Problem);
