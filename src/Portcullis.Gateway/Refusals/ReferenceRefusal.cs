using Portcullis.Git.ReceivePack;

namespace Portcullis.Gateway.Refusals;

/// <summary>What a refused push is told of one of its refs.</summary>
/// <param name="Command">The ref, and what was to be done to it.</param>
/// <param name="Change">The word for that: <c>create</c>, <c>update</c>, <c>force</c>, <c>delete</c>.</param>
/// <param name="Code">The stable code of the reason.</param>
/// <param name="ShortReason">What stands behind <c>ng</c> in the report.</param>
/// <param name="IsCause">Whether this ref is why the push is refused; the others only share its fate.</param>
internal sealed record ReferenceRefusal(
    ReceivePackCommand Command, string Change, string Code, string ShortReason, bool IsCause);
