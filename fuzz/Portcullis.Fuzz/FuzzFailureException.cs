namespace Portcullis.Fuzz;

/// <summary>A decoder crashed or broke a promise.</summary>
/// <param name="message">What happened.</param>
/// <param name="innerException">What the decoder threw; null when it broke a promise.</param>
internal sealed class FuzzFailureException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Fails unless something holds.</summary>
    public static void Unless(bool holds, string promise)
    {
        if (!holds)
        {
            throw new FuzzFailureException("broken promise: " + promise);
        }
    }
}
