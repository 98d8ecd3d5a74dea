using System.Text;
using Portcullis.Git.Names;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Fuzz.Targets;

internal static class SmartHttpTargets
{
    /// <summary>Three lines: method, target, content type.</summary>
    public static bool Route(byte[] input)
    {
        var lines = Encoding.Latin1.GetString(input).Split('\n', 3);
        var result = RouteParser.Parse(lines[0], lines.ElementAtOrDefault(1) ?? "", lines.ElementAtOrDefault(2));
        FuzzFailureException.Unless(result.Route is null == (result.Problem != RouteProblem.None), "there is a route or a problem");
        if (result.Route is not { } route)
        {
            return false;
        }

        FuzzFailureException.Unless(RepositoryPath.TryParse(route.Repository.Value, out _), "a route has a valid repository");
        var method = route.Operation switch
        {
            GitOperation.Discover or GitOperation.LfsDownload or GitOperation.LfsListLocks => "GET",
            GitOperation.LfsUpload => "PUT",
            _ => "POST",
        };
        FuzzFailureException.Unless(lines[0] == method, "the method fits the operation");
        FuzzFailureException.Unless(
            route.Operation.IsLfs() ? lines[1].Contains("/info/lfs/", StringComparison.Ordinal) : lines[1].EndsWith(route.Service.Name(), StringComparison.Ordinal),
            "the service stands literally at the end");
        FuzzFailureException.Unless(route.Operation.IsLfsTransfer() == route.LfsObject is not null, "a transfer has its object, and nothing else has");
        FuzzFailureException.Unless((route.Operation == GitOperation.LfsUnlock) == route.LockId is not null, "an unlock names its lock");
        return true;
    }

    public static bool ProtocolHeader(byte[] input)
    {
        var header = Encoding.Latin1.GetString(input);
        var isHeader = GitProtocolHeader.TryParse(header, out var version);
        FuzzFailureException.Unless(version == GitProtocolVersion.V0 || header.Contains(GitProtocolHeader.ToHeaderValue(version)!, StringComparison.Ordinal), "a version was asked for");
        return isHeader;
    }
}
