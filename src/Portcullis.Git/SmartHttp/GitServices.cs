namespace Portcullis.Git.SmartHttp;

/// <summary>The names and content types of the services, as http-backend.c writes them.</summary>
public static class GitServices
{
    /// <summary>The name in URLs and in <c># service=</c> lines.</summary>
    /// <param name="service">The service.</param>
    /// <returns><c>git-upload-pack</c> or <c>git-receive-pack</c>.</returns>
    public static string Name(this GitService service) => service == GitService.ReceivePack ? "git-receive-pack" : "git-upload-pack";

    /// <summary>Content type of the answer to <c>info/refs</c>.</summary>
    /// <param name="service">The service.</param>
    /// <returns>The media type.</returns>
    public static string AdvertisementContentType(this GitService service) => service == GitService.ReceivePack
        ? "application/x-git-receive-pack-advertisement"
        : "application/x-git-upload-pack-advertisement";

    /// <summary>Content type that a POST must have.</summary>
    /// <param name="service">The service.</param>
    /// <returns>The media type.</returns>
    public static string RequestContentType(this GitService service) => service == GitService.ReceivePack
        ? "application/x-git-receive-pack-request"
        : "application/x-git-upload-pack-request";

    /// <summary>Content type of the answer to a POST.</summary>
    /// <param name="service">The service.</param>
    /// <returns>The media type.</returns>
    public static string ResultContentType(this GitService service) => service == GitService.ReceivePack
        ? "application/x-git-receive-pack-result"
        : "application/x-git-upload-pack-result";
}
