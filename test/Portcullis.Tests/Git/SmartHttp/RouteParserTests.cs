using Portcullis.Git.SmartHttp;

namespace Portcullis.Tests.Git.SmartHttp;

public class RouteParserTests
{
    private const string Fetch = "application/x-git-upload-pack-request";
    private const string Push = "application/x-git-receive-pack-request";

    [Theory]
    [InlineData("GET", "/acme/app.git/info/refs?service=git-upload-pack", null, "acme/app", GitService.UploadPack, GitOperation.Discover)]
    [InlineData("GET", "/acme/app/info/refs?service=git-upload-pack", null, "acme/app", GitService.UploadPack, GitOperation.Discover)]
    [InlineData("GET", "/acme/app.git/info/refs?service=git-receive-pack", null, "acme/app", GitService.ReceivePack, GitOperation.Discover)]
    [InlineData("POST", "/acme/app.git/git-upload-pack", Fetch, "acme/app", GitService.UploadPack, GitOperation.Fetch)]
    [InlineData("POST", "/acme/app/git-receive-pack", Push, "acme/app", GitService.ReceivePack, GitOperation.Push)]
    [InlineData("GET", "/acme/info/info/refs?service=git-upload-pack", null, "acme/info", GitService.UploadPack, GitOperation.Discover)]
    [InlineData("GET", "/acme/info/refs?service=git-upload-pack", null, "acme", GitService.UploadPack, GitOperation.Discover)]
    [InlineData("GET", "/acme/%7Euser%2bx/info/refs?service=git-upload-pack", null, "acme/~user+x", GitService.UploadPack, GitOperation.Discover)]
    [InlineData("POST", "/a/git-upload-pack/git-upload-pack", Fetch, "a/git-upload-pack", GitService.UploadPack, GitOperation.Fetch)]
    public void Accepts_what_git_sends(string method, string target, string? contentType, string repository, GitService service, GitOperation operation)
    {
        var result = RouteParser.Parse(method, target, contentType);
        Assert.Equal(RouteProblem.None, result.Problem);
        Assert.Equal(repository, result.Route!.Repository.Value);
        Assert.Equal((service, operation), (result.Route.Service, result.Route.Operation));
    }

    [Theory]
    [InlineData("/acme/app/info/refs", RouteProblem.ServiceMissing)]
    [InlineData("/acme/app/info/refs?", RouteProblem.Query)]
    [InlineData("/acme/app/info/refs?service", RouteProblem.Query)]
    [InlineData("/acme/app/info/refs?service=", RouteProblem.UnknownService)]
    [InlineData("/acme/app/info/refs?service=git%2dreceive%2dpack", RouteProblem.UnknownService)]
    [InlineData("/acme/app/info/refs?service=git-receive-pack%00", RouteProblem.UnknownService)]
    [InlineData("/acme/app/info/refs?service=git-receive-pack#x", RouteProblem.UnknownService)]
    [InlineData("/acme/app/info/refs?service=+git-receive-pack", RouteProblem.UnknownService)]
    [InlineData("/acme/app/info/refs?service=git-upload-archive", RouteProblem.UnknownService)]
    [InlineData("/acme/app/info/refs?service=upload-pack", RouteProblem.UnknownService)]
    [InlineData("/acme/app/info/refs?SERVICE=git-upload-pack", RouteProblem.Query)]
    [InlineData("/acme/app/info/refs?%73ervice=git-upload-pack", RouteProblem.Query)]
    [InlineData("/acme/app/info/refs?service=git-upload-pack&service=git-receive-pack", RouteProblem.Query)]
    [InlineData("/acme/app/info/refs?service=git-upload-pack;service=git-receive-pack", RouteProblem.Query)]
    [InlineData("/acme/app/info/refs?service=git-upload-pack&x=1", RouteProblem.Query)]
    [InlineData("/acme/app/info/refs?x=1&service=git-upload-pack", RouteProblem.Query)]
    [InlineData("/acme/app/info/refs?access_token=x", RouteProblem.Query)]
    [InlineData("/acme/../app/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme/%2e%2e/app/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme%2fapp/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme%2Fapp/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme%5capp/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme\\app/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme/app%00/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme/app%/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme/app%2/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme/app%+1/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("//acme/app/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme//app/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme/app//info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme/app/info//refs?service=git-upload-pack", RouteProblem.NotAGitPath)]
    [InlineData("/acme/app/info%2frefs?service=git-upload-pack", RouteProblem.NotAGitPath)]
    [InlineData("/acme/app/info/refs/?service=git-upload-pack", RouteProblem.NotAGitPath)]
    [InlineData("/acme/app/Info/Refs?service=git-upload-pack", RouteProblem.NotAGitPath)]
    [InlineData("/acme/app.git.git/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme.git/app/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/acme/app.GIT/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/-x/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/oauth/app/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/.git/info/refs?service=git-upload-pack", RouteProblem.BadRepositoryPath)]
    [InlineData("/info/refs?service=git-upload-pack", RouteProblem.NotAGitPath)]
    [InlineData("http://host/acme/app/info/refs?service=git-upload-pack", RouteProblem.NotAGitPath)]
    [InlineData("*", RouteProblem.NotAGitPath)]
    [InlineData("", RouteProblem.NotAGitPath)]
    [InlineData("/", RouteProblem.NotAGitPath)]
    [InlineData("/acme/app", RouteProblem.NotAGitPath)]
    [InlineData("/acme/app.git", RouteProblem.NotAGitPath)]
    [InlineData("/acme/app.git/HEAD", RouteProblem.DumbHttp)]
    [InlineData("/acme/app.git/config", RouteProblem.DumbHttp)]
    [InlineData("/acme/app.git/packed-refs", RouteProblem.DumbHttp)]
    [InlineData("/acme/app.git/refs/heads/main", RouteProblem.DumbHttp)]
    [InlineData("/acme/app.git/objects/info/packs", RouteProblem.DumbHttp)]
    [InlineData("/acme/app.git/objects/info/alternates", RouteProblem.DumbHttp)]
    [InlineData("/acme/app.git/objects/01/23456789012345678901234567890123456789", RouteProblem.DumbHttp)]
    [InlineData("/acme/app.git/objects/pack/pack-0123456789012345678901234567890123456789.pack", RouteProblem.DumbHttp)]
    [InlineData("/../app.git/HEAD", RouteProblem.DumbHttp)]
    [InlineData("/acme/app/git-upload-archive", RouteProblem.UnknownService)]
    [InlineData("/acme/app/git-upload-pack", RouteProblem.MethodNotAllowed)]
    [InlineData("/acme/app/git-receive-pack", RouteProblem.MethodNotAllowed)]
    public void Rejects_everything_else_in_a_get(string target, RouteProblem problem)
    {
        var result = RouteParser.Parse("GET", target, null);
        Assert.Equal(problem, result.Problem);
        Assert.Null(result.Route);
    }

    [Theory]
    [InlineData("POST", "/acme/app/git-upload-pack", null, RouteProblem.ContentType)]
    [InlineData("POST", "/acme/app/git-upload-pack", Push, RouteProblem.ContentType)]
    [InlineData("POST", "/acme/app/git-receive-pack", Fetch, RouteProblem.ContentType)]
    [InlineData("POST", "/acme/app/git-receive-pack", "text/plain", RouteProblem.ContentType)]
    [InlineData("POST", "/acme/app/git-receive-pack", Push + ", text/plain", RouteProblem.ContentType)]
    [InlineData("POST", "/acme/app/git-receive-pack?service=git-upload-pack", Push, RouteProblem.Query)]
    [InlineData("POST", "/acme/app/git-receive-pack?", Push, RouteProblem.Query)]
    [InlineData("POST", "/acme/app/info/refs?service=git-upload-pack", null, RouteProblem.MethodNotAllowed)]
    [InlineData("HEAD", "/acme/app/info/refs?service=git-upload-pack", null, RouteProblem.MethodNotAllowed)]
    [InlineData("get", "/acme/app/info/refs?service=git-upload-pack", null, RouteProblem.MethodNotAllowed)]
    [InlineData("PROPFIND", "/acme/app/git-receive-pack", Push, RouteProblem.MethodNotAllowed)]
    [InlineData("PROPFIND", "/acme/app", null, RouteProblem.NotAGitPath)]
    public void Rejects_wrong_methods_and_content_types(string method, string target, string? contentType, RouteProblem problem)
    {
        Assert.Equal(problem, RouteParser.Parse(method, target, contentType).Problem);
    }

    [Fact]
    public void Refused_requests_still_name_the_repository_for_the_audit()
    {
        Assert.Equal("acme/app", RouteParser.Parse("GET", "/acme/app.git/HEAD", null).Repository?.Value);
        Assert.Equal("acme/app", RouteParser.Parse("PUT", "/acme/app.git/git-receive-pack", null).Repository?.Value);
        Assert.Equal("POST", RouteParser.Parse("PUT", "/acme/app.git/git-receive-pack", null).AllowedMethod);
    }

    [Fact]
    public void Rejects_overlong_targets()
    {
        Assert.Equal(RouteProblem.NotAGitPath, RouteParser.Parse("GET", "/" + new string('a', 2000) + "/info/refs?service=git-upload-pack", null).Problem);
        Assert.Equal(RouteProblem.BadRepositoryPath, RouteParser.Parse("GET", "/" + new string('a', 500) + "/info/refs?service=git-upload-pack", null).Problem);
    }

    [Theory]
    [InlineData(null, GitProtocolVersion.V0)]
    [InlineData("", GitProtocolVersion.V0)]
    [InlineData("version=0", GitProtocolVersion.V0)]
    [InlineData("version=1", GitProtocolVersion.V1)]
    [InlineData("version=2", GitProtocolVersion.V2)]
    [InlineData("version=2:version=1", GitProtocolVersion.V2)]
    [InlineData("version=1:version=2", GitProtocolVersion.V2)]
    [InlineData("version=3:version=1", GitProtocolVersion.V1)]
    [InlineData("version=2, version=1", GitProtocolVersion.V0)]
    [InlineData("version=02", GitProtocolVersion.V0)]
    [InlineData(" version=2", GitProtocolVersion.V0)]
    [InlineData("Version=2", GitProtocolVersion.V0)]
    [InlineData("key=value:version=2:key", GitProtocolVersion.V2)]
    [InlineData("garbage", GitProtocolVersion.V0)]
    public void Protocol_header_asks_for_the_highest_known_version(string? header, GitProtocolVersion version)
    {
        Assert.True(GitProtocolHeader.TryParse(header, out var parsed));
        Assert.Equal(version, parsed);
    }

    [Theory]
    [InlineData("version=2\n")]
    [InlineData("version=2\r\nX: y")]
    [InlineData("version=2\0")]
    [InlineData("version=2\u007f")]
    [InlineData("version=２")]
    public void Rejects_protocol_headers_with_control_characters(string header)
    {
        Assert.False(GitProtocolHeader.TryParse(header, out _));
        Assert.False(GitProtocolHeader.TryParse(new string('a', 2000), out _));
    }
}
