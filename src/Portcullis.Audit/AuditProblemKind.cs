namespace Portcullis.Audit;

/// <summary>What kind of thing a verification found.</summary>
public enum AuditProblemKind
{
    /// <summary>A line is not one that a log writes.</summary>
    Malformed,

    /// <summary>A line's content doesn't match its hash: it was edited.</summary>
    Edited,

    /// <summary>A line doesn't follow the one before it: something was removed, inserted or moved.</summary>
    BrokenLink,

    /// <summary>A checkpoint counts another number of lines than there are before it.</summary>
    WrongCount,

    /// <summary>A line names another node than its file.</summary>
    WrongNode,

    /// <summary>A checkpoint or head carries no signature.</summary>
    Unsigned,

    /// <summary>The key that signed a checkpoint or head is not among those given.</summary>
    UnknownKey,

    /// <summary>A signature is not what the named key signed.</summary>
    BadSignature,

    /// <summary>A file doesn't begin with a checkpoint.</summary>
    NoCheckpoint,

    /// <summary>A file is missing between two others, or there twice.</summary>
    MissingFile,

    /// <summary>The log's first lines are not there.</summary>
    MissingStart,

    /// <summary>The log ends before the point that a head proves it had reached.</summary>
    MissingEnd,

    /// <summary>The log is another one than a head was made for.</summary>
    OtherChain,

    /// <summary>The head file is missing.</summary>
    MissingHead,

    /// <summary>The head file can't be read as one.</summary>
    MalformedHead,

    /// <summary>A file ends in the middle of a line, and nobody is writing it.</summary>
    IncompleteLine,
}
