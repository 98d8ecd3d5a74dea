namespace Portcullis.Tokens.Validation;

/// <summary>Which texts of a token are let into log lines and the environment of hooks.</summary>
internal static class PlainText
{
    /// <summary>Not empty, bounded, and free of control characters.</summary>
    public static bool IsPlain(string text, int maximumLength)
    {
        if (text.Length == 0 || text.Length > maximumLength)
        {
            return false;
        }

        foreach (char character in text)
        {
            if (char.IsControl(character))
            {
                return false;
            }
        }

        return true;
    }
}
