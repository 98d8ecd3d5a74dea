using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends;

/// <summary>What a caller may be told of an object.</summary>
internal enum LfsPresence
{
    /// <summary>It is not there, or the caller may not know: these two look the same.</summary>
    Absent,

    /// <summary>It is there.</summary>
    Present,

    /// <summary>It is there with another size than it was asked for.</summary>
    OtherSize,

    /// <summary>It is larger than an object may be.</summary>
    TooLarge,

    /// <summary>There is no room for it.</summary>
    NoRoom,

    /// <summary>The server behind this one could not say.</summary>
    Failed,
}

/// <summary>One object of a batch.</summary>
/// <param name="Object">The object, as it was asked for.</param>
/// <param name="Presence">What the caller may be told of it.</param>
internal sealed record LfsObjectState(LfsObject Object, LfsPresence Presence)
{
    /// <summary>The client's way to the object as JSON (<c>actions</c>), where it is sent past this server; null where it comes here.</summary>
    public string? PassedActions { get; init; }
}
