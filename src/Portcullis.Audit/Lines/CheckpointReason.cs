namespace Portcullis.Audit.Lines;

/// <summary>Why a checkpoint was written; its member <c>reason</c>.</summary>
internal static class CheckpointReason
{
    /// <summary>A file begins, or the log was opened again.</summary>
    public const string Start = "start";

    /// <summary>As many lines as a checkpoint may stand for.</summary>
    public const string Count = "count";

    /// <summary>As much time as a line may be without a checkpoint.</summary>
    public const string Time = "time";

    /// <summary>The file ends, and the next one follows.</summary>
    public const string Rotation = "rotation";

    /// <summary>The log was closed.</summary>
    public const string Close = "close";
}
