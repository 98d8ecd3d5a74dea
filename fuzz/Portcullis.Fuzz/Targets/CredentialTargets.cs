using Portcullis.Git.Credentials;

namespace Portcullis.Fuzz.Targets;

internal static class CredentialTargets
{
    public static bool Message(byte[] input)
    {
        var message = CredentialMessage.Parse(input);
        FuzzFailureException.Unless(CredentialMessage.Parse(message.ToBytes()).Attributes.SequenceEqual(message.Attributes), "a message reads back equal");
        FuzzFailureException.Unless(message.Attributes.All(attribute => !attribute.Value.AsSpan().ContainsAny('\n', '\r', '\0')), "no attribute forges another");
        return true;
    }
}
