using Portcullis.Gateway.Refusals;

namespace Portcullis.Gateway.Pipeline;

/// <summary>What an endpoint found: a refusal that is still to be written, or how the end of the answer is written; nothing where it is written already.</summary>
/// <param name="Refusal">The no.</param>
/// <param name="Finish">Writes the end of the answer, which is sent once the record is made.</param>
internal readonly record struct Answer(Refusal? Refusal, Action? Finish)
{
    /// <summary>A no.</summary>
    public static implicit operator Answer(Refusal refusal) => new(refusal, null);

    /// <summary>A yes, and what says it.</summary>
    public static Answer With(Action finish) => new(null, finish);
}
