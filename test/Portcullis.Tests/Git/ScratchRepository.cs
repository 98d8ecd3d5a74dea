namespace Portcullis.Tests.Git;

/// <summary>A bare repository in a folder of its own, removed with it.</summary>
internal sealed class ScratchRepository : IDisposable
{
    public ScratchRepository(string objectFormat = "sha1")
    {
        Folder = Directory.CreateTempSubdirectory("portcullis-git-").FullName;
        Run("init", "--bare", "-q", "--initial-branch=main", $"--object-format={objectFormat}", ".");
        EmptyTree = Run("mktree");
    }

    public string Folder { get; }

    public string EmptyTree { get; }

    public string Run(params string[] arguments) => GitProgram.RunText(Folder, arguments);

    public string Commit(string message, params string[] parents) =>
        Run(["commit-tree", EmptyTree, "-m", message, .. parents.SelectMany(parent => new[] { "-p", parent })]);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
