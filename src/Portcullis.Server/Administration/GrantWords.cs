using Portcullis.Authority.Clients;

namespace Portcullis.Server.Administration;

/// <summary>Ways to come to tokens, as RFC 6749, 8628 and 8693 call them: without the long prefix that two of them have there.</summary>
internal static class GrantWords
{
    private static readonly Dictionary<string, ClientGrant> s_words = new(StringComparer.Ordinal)
    {
        ["authorization_code"] = ClientGrant.AuthorizationCode,
        ["device_code"] = ClientGrant.DeviceCode,
        ["client_credentials"] = ClientGrant.ClientCredentials,
        ["token_exchange"] = ClientGrant.TokenExchange,
    };

    /// <summary>Every word.</summary>
    public static IReadOnlyCollection<string> All => s_words.Keys;

    /// <summary>What a word means; null when it means nothing.</summary>
    public static ClientGrant? Parse(string word) => s_words.TryGetValue(word, out var grant) ? grant : null;

    /// <summary>The word.</summary>
    public static string Of(ClientGrant grant) => s_words.First(pair => pair.Value == grant).Key;
}
