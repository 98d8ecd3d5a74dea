using Portcullis.Git.ReceivePack;

namespace Portcullis.Gateway.Refusals;

/// <summary>A no: a value, never an exception. <see cref="RefusalWriter"/> alone gives it its shape on the wire.</summary>
internal sealed record Refusal
{
    /// <summary>Why.</summary>
    public required RefusalReason Reason { get; init; }

    /// <summary>The stable code that the audit record carries.</summary>
    public required string Code { get; init; }

    /// <summary>What the user reads: sentences, one a line. Never holds a token.</summary>
    public required string Text { get; init; }

    /// <summary>The challenge of a 401.</summary>
    public Challenge? Challenge { get; init; }

    /// <summary>When to come again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The methods that the path takes.</summary>
    public string? Allow { get; init; }

    /// <summary>Whether it is said in an <c>ERR</c> line: of the answers to <c>git-upload-pack</c> Git shows nothing else to its user.</summary>
    public bool IsErrorLine { get; init; }

    /// <summary>Whether the request was one of the Git LFS API, so that the answer is JSON.</summary>
    public bool IsLfs { get; init; }

    /// <summary>The lock that stands in the way, as JSON; null where there is none that may be shown.</summary>
    public string? LockJson { get; init; }

    /// <summary>The length of the object of which a part was asked for.</summary>
    public long? ObjectLength { get; init; }

    /// <summary>The push that is refused, whose capabilities shape the report.</summary>
    public ReceivePackRequest? Push { get; init; }

    /// <summary>What is said of each ref of a push, in the order of its commands.</summary>
    public IReadOnlyList<ReferenceRefusal> References { get; init; } = [];
}
