namespace Portcullis.Access.Permissions;

/// <summary>What can be done in a container registry, by the words of its token specification.</summary>
[Flags]
public enum RegistryActions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary><c>pull</c>: to read manifests and layers.</summary>
    Pull = 1,

    /// <summary><c>push</c>: to add them.</summary>
    Push = 2,

    /// <summary><c>delete</c>: to take them out.</summary>
    Delete = 4,
}
