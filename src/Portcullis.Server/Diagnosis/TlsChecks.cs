using Portcullis.Server.Hosting;

namespace Portcullis.Server.Diagnosis;

/// <summary>Whether tokens travel safely.</summary>
internal static class TlsChecks
{
    private static readonly TimeSpan s_soon = TimeSpan.FromDays(14);

    /// <summary>The certificate.</summary>
    public static IEnumerable<Finding> Certificate(Installation installation)
    {
        const string Topic = "certificate";
        if (installation.Configuration.Server.Certificate is not { } settings)
        {
            yield break;
        }

        Finding finding;
        try
        {
            using var certificate = CertificateSource.Read(settings.Path, settings.KeyPath);
            var (now, from, until) = (installation.TimeProvider.GetUtcNow(), new DateTimeOffset(certificate.NotBefore), new DateTimeOffset(certificate.NotAfter));
            finding = until <= now ? Finding.Wrong(Topic, $"It expired {until:u}.", "Renew it; the server takes the new files up by itself.")
                : from > now ? Finding.Wrong(Topic, $"It is valid only from {from:u}.", "See whether this machine's clock is right.")
                : until - now < s_soon ? Finding.Warning(Topic, $"It expires {until:u}.", "Renew it; the server takes the new files up by itself.")
                : !certificate.MatchesHostname(new Uri(installation.Issuer).Host, allowWildcards: true, allowCommonName: false)
                    ? Finding.Wrong(Topic, $"It isn't for {new Uri(installation.Issuer).Host}, which server.publicUrl names.", "Get one with that name, or mend server.publicUrl.")
                : Finding.Good(Topic, $"valid until {until:u}");
        }
        catch (CertificateException exception)
        {
            finding = Finding.Wrong(Topic, exception.Message, "Mend server.certificate.");
        }

        yield return finding;
    }

    /// <summary>The URL that tokens are sent to.</summary>
    public static Finding PublicUrl(Installation installation)
    {
        const string Topic = "public URL";
        var url = new Uri(installation.Issuer);
        return url.Scheme == Uri.UriSchemeHttps || url.IsLoopback
            ? Finding.Good(Topic, installation.Issuer)
            : Finding.Wrong(Topic, $"{installation.Issuer} is not https: tokens would travel in the clear.", "Set server.publicUrl to the https:// URL that people use, with server.certificate or a proxy before it.");
    }

    /// <summary>Whether the server answers there, with this installation's keys.</summary>
    public static async Task<Finding> ReachableAsync(Installation installation, CancellationToken cancellationToken)
    {
        const string Topic = "server";
        var url = $"{installation.Issuer}/readyz";
        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            using var response = await client.GetAsync(url, cancellationToken);
            return response.IsSuccessStatusCode
                ? Finding.Good(Topic, $"{url} answers")
                : Finding.Wrong(Topic, $"{url} answers {(int)response.StatusCode}: {(await response.Content.ReadAsStringAsync(cancellationToken)).Trim()}", "See the server's log.");
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return Finding.Warning(Topic, $"{url} can't be reached from here: {exception.Message}", "Start it with `portcullis serve`; if it runs, see whether server.publicUrl and the proxy before it are right.");
        }
    }
}
