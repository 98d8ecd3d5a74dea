using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Portcullis.Tests.Architecture;

/// <summary>What one of our assemblies uses, read from its metadata: what counts is what was compiled, not what a project file says.</summary>
internal sealed class AssemblyFacts
{
    private AssemblyFacts(string name, IReadOnlySet<string> references, IReadOnlySet<string> types, IReadOnlySet<string> members)
        => (Name, References, Types, Members) = (name, references, types, members);

    public string Name { get; }

    /// <summary>Names of the assemblies that it refers to.</summary>
    public IReadOnlySet<string> References { get; }

    /// <summary>Full names of the foreign types that it uses.</summary>
    public IReadOnlySet<string> Types { get; }

    /// <summary>Foreign members that it uses, as <c>Namespace.Type.Member</c>.</summary>
    public IReadOnlySet<string> Members { get; }

    /// <summary>Reads an assembly; null where this repository has no such project.</summary>
    public static AssemblyFacts? TryRead(string project)
    {
        var file = Path.Combine(AppContext.BaseDirectory, (project switch { "Portcullis.Server" => "portcullis", "Portcullis.CredentialHelper" => "git-credential-portcullis", _ => project }) + ".dll");
        if (!File.Exists(file))
        {
            Assert.False(RepositoryTree.Exists("src/" + project), $"{project} exists and isn't tested: refer to it from the test project.");
            return null;
        }

        using var stream = File.OpenRead(file);
        using var pe = new PEReader(stream);
        var metadata = pe.GetMetadataReader();
        return new AssemblyFacts(
            project,
            metadata.AssemblyReferences.Select(h => metadata.GetString(metadata.GetAssemblyReference(h).Name)).ToHashSet(),
            metadata.TypeReferences.Select(h => NameOf(metadata, h)).ToHashSet(),
            metadata.MemberReferences.Select(h => metadata.GetMemberReference(h))
                .Where(member => member.Parent.Kind == HandleKind.TypeReference)
                .Select(member => $"{NameOf(metadata, (TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}")
                .ToHashSet());
    }

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        var name = metadata.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{NameOf(metadata, (TypeReferenceHandle)type.ResolutionScope)}.{name}"
            : $"{metadata.GetString(type.Namespace)}.{name}";
    }
}
