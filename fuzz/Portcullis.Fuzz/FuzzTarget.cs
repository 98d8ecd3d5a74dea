namespace Portcullis.Fuzz;

/// <summary>One decoder under test.</summary>
/// <param name="Name">Its name, which is also the folder of its corpus.</param>
/// <param name="Decode">Decodes the input; true when it was accepted, false when it was rejected. Checks what must hold of what was accepted.</param>
/// <param name="Rejections">Exceptions by which the decoder rejects an input. Any other is a crash.</param>
internal sealed record FuzzTarget(string Name, Func<byte[], bool> Decode, params Type[] Rejections)
{
    /// <summary>Runs the decoder.</summary>
    /// <returns>Whether the input was accepted, or why it wasn't: the same text for the same reason.</returns>
    /// <exception cref="FuzzFailureException">The decoder crashed or broke a promise.</exception>
    public string Run(byte[] input)
    {
        try
        {
            return Decode(input) ? "accepted" : "rejected";
        }
        catch (Exception exception) when (Rejections.Contains(exception.GetType()))
        {
            return exception.Message;
        }
        catch (Exception exception) when (exception is not FuzzFailureException)
        {
            throw new FuzzFailureException(exception.GetType().Name, exception);
        }
    }
}
