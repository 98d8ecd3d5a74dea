namespace Portcullis.Server.Diagnosis;

/// <summary>One thing that was looked at.</summary>
/// <param name="Topic">What, in a word or two.</param>
/// <param name="Level">How it is.</param>
/// <param name="Message">What was found, in a sentence.</param>
/// <param name="Mend">What to do, in a sentence; nothing where all is well.</param>
internal sealed record Finding(string Topic, FindingLevel Level, string Message, string? Mend = null)
{
    /// <summary>All is well.</summary>
    public static Finding Good(string topic, string message) => new(topic, FindingLevel.Good, message);

    /// <summary>It works, and should be looked at.</summary>
    public static Finding Warning(string topic, string message, string mend) => new(topic, FindingLevel.Warning, message, mend);

    /// <summary>It does not work.</summary>
    public static Finding Wrong(string topic, string message, string mend) => new(topic, FindingLevel.Wrong, message, mend);
}
