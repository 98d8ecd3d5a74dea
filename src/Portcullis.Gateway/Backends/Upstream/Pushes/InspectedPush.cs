using Portcullis.Gateway.Authorization;

namespace Portcullis.Gateway.Backends.Upstream.Pushes;

/// <summary>A push that was found good, and may be handed on.</summary>
/// <param name="Pack">Its pack.</param>
/// <param name="FastForwards">What was proved of its moves: whether each is a fast-forward.</param>
internal sealed record InspectedPush(QuarantinedPack Pack, IReadOnlyDictionary<AuthorizedCommand, bool> FastForwards) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Pack.Dispose();
}
