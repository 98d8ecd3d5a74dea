using Portcullis.CredentialHelper.Authority;

namespace Portcullis.CredentialHelper.SignIn;

/// <summary>Signs a person in from another device's browser (RFC 8628), where there is none here.</summary>
internal static class DeviceSignIn
{
    /// <summary>Signs in.</summary>
    /// <param name="client">The authority.</param>
    /// <param name="scope">What the login is for; null: all that the policy gives.</param>
    /// <param name="say">Tells the person something.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="AuthorityException">They did not agree, or not in time.</exception>
    public static async Task<IssuedTokens> RunAsync(AuthorityClient client, string? scope, Action<string> say, TimeProvider time)
    {
        var device = await client.PostAsync(client.Metadata.DeviceEndpoint, ("scope", scope));
        var (code, userCode, address) = (AuthorityClient.Text(device, "device_code"), AuthorityClient.Text(device, "user_code"), AuthorityClient.Text(device, "verification_uri"));
        if (code is null || userCode is null || address is null || !address.StartsWith(client.Metadata.Issuer + "/", StringComparison.Ordinal))
        {
            throw new AuthorityException(null, "The authority's answer to a device holds no code, or an address that is not its own.");
        }

        say($"To let git in, open {AuthorityClient.Printable(address)} in any browser and enter the code {AuthorityClient.Printable(userCode)}");
        var interval = TimeSpan.FromSeconds(AuthorityClient.Number(device, "interval") ?? 5);
        var ends = time.GetUtcNow().AddSeconds(AuthorityClient.Number(device, "expires_in") ?? 300);
        while (true)
        {
            await Task.Delay(interval, time);
            try
            {
                return await client.TokenAsync(("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", code));
            }
            catch (AuthorityException exception) when (exception.Code is "authorization_pending" or "slow_down" && time.GetUtcNow() < ends)
            {
                // RFC 8628 §3.5
                interval += exception.Code == "slow_down" ? TimeSpan.FromSeconds(5) : TimeSpan.Zero;
            }
        }
    }
}
