using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>Checks of <see cref="ServerOptions"/>.</summary>
internal sealed class ServerChecks(ProblemList problems, ProblemList warnings, SettingLocations locations)
{
    /// <summary>Checks, and returns the addresses that can be listened on.</summary>
    public IReadOnlyList<string> Check(ServerOptions server)
    {
        var listens = new List<string>();
        for (var i = 0; i < server.Listen.Count; i++)
        {
            var text = server.Listen[i];
            if (!IsListenAddress(text))
            {
                problems.Add(locations.OfItem(server, nameof(server.Listen), i), $"'{Shown.Text(text)}' is no address to listen on; write http://127.0.0.1:7080 or https://*:443");
            }
            else if (listens.Contains(text.TrimEnd('/'), StringComparer.OrdinalIgnoreCase))
            {
                problems.Add(locations.OfItem(server, nameof(server.Listen), i), "this address stands here twice");
            }
            else
            {
                listens.Add(text.TrimEnd('/'));
            }
        }
        if (server.Listen.Count == 0 && locations.IsGiven(server, nameof(server.Listen)))
        {
            Report(server, nameof(server.Listen), "there is no address to listen on; leave the key out to have http://127.0.0.1:7080");
        }
        var hasTls = listens.Exists(listen => listen.StartsWith("https:", StringComparison.OrdinalIgnoreCase));
        if (hasTls && server.Certificate is null)
        {
            Report(server, nameof(server.Listen), "an https address needs 'certificate'");
        }
        if (!hasTls && server.Certificate is not null && listens.Count == server.Listen.Count)
        {
            Report(server, nameof(server.Certificate), "no address under 'listen' begins with https://, so this certificate would not be used");
        }
        if (!hasTls && server.RequestClientCertificate && listens.Count == server.Listen.Count)
        {
            Report(server, nameof(server.RequestClientCertificate), "client certificates need an https address under 'listen'");
        }
        CheckPublicUrl(server, listens);
        if (server.Realm.Any(c => c is < ' ' or > '~' or '"' or '\\'))
        {
            Report(server, nameof(server.Realm), "a realm is printable ASCII without '\"' and '\\'");
        }
        return listens;
    }

    private void CheckPublicUrl(ServerOptions server, List<string> listens)
    {
        if (server.PublicUrl.Length == 0)
        {
            var open = listens.Find(listen => listen.StartsWith("http:", StringComparison.OrdinalIgnoreCase)
                && (listen.Contains('*', StringComparison.Ordinal) || !Addresses.IsLoopback(new Uri(listen))));
            if (open is not null)
            {
                warnings.Add(locations.Of(server, nameof(server.Listen)), $"{open} can be reached by others and is not encrypted: tokens can be read on the way. Set 'publicUrl' when a proxy encrypts");
            }
            return;
        }
        if (Addresses.Web(server.PublicUrl) is not { } url || url.PathAndQuery != "/" || server.PublicUrl.EndsWith('?'))
        {
            Report(server, nameof(server.PublicUrl), $"'{Shown.Text(server.PublicUrl)}' is no public address; write https://git.example.com, without a path");
        }
        else if (!Addresses.IsSafe(url))
        {
            warnings.Add(locations.Of(server, nameof(server.PublicUrl)), "this address is not encrypted: tokens can be read on the way");
        }
    }

    private static bool IsListenAddress(string text)
    {
        var host = text.Replace("://*", "://localhost", StringComparison.Ordinal);
        return Addresses.Web(host) is { PathAndQuery: "/" } uri && !host.EndsWith('?') && uri.HostNameType != UriHostNameType.Unknown;
    }

    private void Report(object section, string property, string message) => problems.Add(locations.Of(section, property), message);
}
