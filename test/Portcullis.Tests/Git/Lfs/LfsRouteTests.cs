using Portcullis.Git.SmartHttp;

namespace Portcullis.Tests.Git.Lfs;

public class LfsRouteTests
{
    private const string Oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    private const string Json = "application/vnd.git-lfs+json";
    private const string Api = "/acme/app.git/info/lfs";

    [Theory]
    [InlineData("POST", Api + "/objects/batch", Json, GitOperation.LfsBatch, GitService.UploadPack)]
    [InlineData("POST", Api + "/objects/batch", Json + "; charset=utf-8", GitOperation.LfsBatch, GitService.UploadPack)]
    [InlineData("POST", Api + "/objects/batch", Json + ";charset=UTF-8", GitOperation.LfsBatch, GitService.UploadPack)]
    [InlineData("POST", "/acme/app/info/lfs/objects/batch", Json, GitOperation.LfsBatch, GitService.UploadPack)]
    [InlineData("GET", Api + "/objects/" + Oid, null, GitOperation.LfsDownload, GitService.UploadPack)]
    [InlineData("PUT", Api + "/objects/" + Oid, "application/octet-stream", GitOperation.LfsUpload, GitService.ReceivePack)]
    [InlineData("PUT", Api + "/objects/" + Oid, "text/plain", GitOperation.LfsUpload, GitService.ReceivePack)]
    [InlineData("POST", Api + "/objects/" + Oid + "/verify", Json, GitOperation.LfsVerify, GitService.ReceivePack)]
    [InlineData("GET", Api + "/locks", null, GitOperation.LfsListLocks, GitService.UploadPack)]
    [InlineData("GET", Api + "/locks?path=art%2Fa+b.psd&limit=1&refspec=refs%2Fheads%2Fmain", null, GitOperation.LfsListLocks, GitService.UploadPack)]
    [InlineData("POST", Api + "/locks", Json, GitOperation.LfsLock, GitService.ReceivePack)]
    [InlineData("POST", Api + "/locks/verify", Json, GitOperation.LfsVerifyLocks, GitService.ReceivePack)]
    [InlineData("POST", Api + "/locks/0efbd9bc/unlock", Json, GitOperation.LfsUnlock, GitService.ReceivePack)]
    public void Accepts_what_git_lfs_sends(string method, string target, string? contentType, GitOperation operation, GitService service)
    {
        var result = RouteParser.Parse(method, target, contentType);
        Assert.Equal(RouteProblem.None, result.Problem);
        Assert.True(result.IsLfs);
        Assert.Equal(("acme/app", operation, service), (result.Route!.Repository.Value, result.Route.Operation, result.Route.Service));
    }

    [Fact]
    public void Reads_the_names_in_path_and_query()
    {
        Assert.Equal(Oid, RouteParser.Parse("PUT", $"{Api}/objects/{Oid}", null).Route!.LfsObject.ToString());
        Assert.Equal("0efb-d9_bc", RouteParser.Parse("POST", Api + "/locks/0efb-d9_bc/unlock", Json).Route!.LockId);
        var query = RouteParser.Parse("GET", Api + "/locks?path=%C3%A4+b%2Bc&id=7&cursor=3&limit=20&refspec=refs%2Fheads%2Fmain", null).Route!.LockQuery!;
        Assert.Equal(("ä b+c", "7", "3", 20L, "refs/heads/main"), (query.Path, query.Id, query.Cursor, query.Limit, query.Reference));
    }

    [Theory]
    [InlineData("GET", Api + "/objects/batch", null, RouteProblem.MethodNotAllowed)]
    [InlineData("DELETE", Api + "/objects/" + Oid, null, RouteProblem.MethodNotAllowed)]
    [InlineData("HEAD", Api + "/objects/" + Oid, null, RouteProblem.MethodNotAllowed)]
    [InlineData("PATCH", Api + "/objects/" + Oid, null, RouteProblem.MethodNotAllowed)]
    [InlineData("POST", Api + "/objects/" + Oid, Json, RouteProblem.MethodNotAllowed)]
    [InlineData("POST", Api + "/objects/batch", "application/json", RouteProblem.ContentType)]
    [InlineData("POST", Api + "/objects/batch", "application/x-www-form-urlencoded", RouteProblem.ContentType)]
    [InlineData("POST", Api + "/objects/batch", Json + "; charset=utf-16", RouteProblem.ContentType)]
    [InlineData("POST", Api + "/objects/batch", Json + ", text/plain", RouteProblem.ContentType)]
    [InlineData("POST", Api + "/objects/batch", null, RouteProblem.ContentType)]
    [InlineData("POST", Api + "/objects/batch?x", Json, RouteProblem.Query)]
    [InlineData("GET", Api + "/objects/" + Oid + "?token=x", null, RouteProblem.Query)]
    [InlineData("GET", Api + "/locks?path=a&path=b", null, RouteProblem.Query)]
    [InlineData("GET", Api + "/locks?token=a", null, RouteProblem.Query)]
    [InlineData("GET", Api + "/locks?path=..%2Fa", null, RouteProblem.Query)]
    [InlineData("GET", Api + "/locks?path=%2Fa", null, RouteProblem.Query)]
    [InlineData("GET", Api + "/locks?path=a%00b", null, RouteProblem.Query)]
    [InlineData("GET", Api + "/locks?path=%ff", null, RouteProblem.Query)]
    [InlineData("GET", Api + "/locks?limit=-1", null, RouteProblem.Query)]
    [InlineData("GET", Api + "/locks?limit=0x10", null, RouteProblem.Query)]
    [InlineData("GET", Api + "/locks?limit", null, RouteProblem.Query)]
    [InlineData("GET", Api + "/objects/" + Oid + "/", null, RouteProblem.NotAGitPath)]
    [InlineData("GET", Api + "/objects/" + Oid + "0", null, RouteProblem.NotAGitPath)]
    [InlineData("GET", Api + "/objects/4D7A214614AB2935C943F9E0FF69D22EADBB8F32B1258DAAA5E2CA24D17E2393", null, RouteProblem.NotAGitPath)]
    [InlineData("GET", Api + "/objects/%34d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393", null, RouteProblem.NotAGitPath)]
    [InlineData("GET", Api + "/objects/../../../../config", null, RouteProblem.DumbHttp)]
    [InlineData("GET", Api + "/objects/..%2f..%2fconfig", null, RouteProblem.NotAGitPath)]
    [InlineData("POST", Api + "/locks/../unlock", Json, RouteProblem.NotAGitPath)]
    [InlineData("POST", Api + "/locks/a/b/unlock", Json, RouteProblem.NotAGitPath)]
    [InlineData("POST", Api + "/locks//unlock", Json, RouteProblem.NotAGitPath)]
    [InlineData("POST", "/acme/%2e%2e/app/info/lfs/objects/batch", Json, RouteProblem.BadRepositoryPath)]
    [InlineData("POST", "/acme/../app/info/lfs/objects/batch", Json, RouteProblem.BadRepositoryPath)]
    [InlineData("POST", "/oauth/info/lfs/objects/batch", Json, RouteProblem.BadRepositoryPath)]
    [InlineData("POST", "/info/lfs/objects/batch", Json, RouteProblem.NotAGitPath)]
    [InlineData("GET", Api, null, RouteProblem.NotAGitPath)]
    public void Rejects_everything_else(string method, string target, string? contentType, RouteProblem problem)
    {
        var result = RouteParser.Parse(method, target, contentType);
        Assert.Null(result.Route);
        Assert.Equal(problem, result.Problem);
    }

    [Fact]
    public void A_listing_of_locks_may_name_a_long_path_and_nothing_else_may_be_long()
    {
        var path = string.Concat(Enumerable.Repeat("%E6%96%87", 500));
        Assert.NotNull(RouteParser.Parse("GET", $"{Api}/locks?path={path}", null).Route);
        Assert.Null(RouteParser.Parse("GET", $"{Api}/locks?path={path}{path}", null).Route);
        Assert.Equal(RouteProblem.NotAGitPath, RouteParser.Parse("GET", $"/{new string('a', 1100)}/info/lfs/locks", null).Problem);
        Assert.Equal(RouteProblem.NotAGitPath, RouteParser.Parse("GET", $"/acme/app/info/refs?service=git-upload-pack&x={path}", null).Problem);
    }
}
